import { HostwrightError } from '../../core/errors.js'
import type { Deb } from './debs.js'
import type { Rpm } from './types.js'

/** A package whose dependencies are known. */
export interface ResolvedRpm {
  readonly rpm: Rpm
  readonly debs: readonly Deb[]
  /** Names of packages of the repositories. */
  readonly requires: readonly string[]
}

/** Debian's ways to configure packages, which EL9 does not have. */
const without = new Set([
  'debconf',
  'debconf-2.0',
  'ucf',
  'adduser',
  'lsb-base',
  'perl',
  'perl-base',
])

/**
 * Finds what packages need beside what the image has. Debian packages that none of them holds become
 * packages of their own, with the name `deb-NAME`.
 *
 * @throws HostwrightError LAB_FAILED when something is neither in the image nor among the files
 */
export function resolveRpms(
  rpms: readonly Rpm[],
  installed: ReadonlyMap<string, Deb>,
  available: ReadonlyMap<string, Deb>,
): readonly ResolvedRpm[] {
  const present = new Set([...installed.values()].flatMap(namesOf))
  const holders = new Map<string, string>()
  for (const { name, debs = [] } of rpms)
    for (const deb of debs) if (!holders.has(deb)) holders.set(deb, name)
  const providers = new Map(
    [...available.values()].flatMap((deb) => deb.provides.map((name) => [name, deb.name])),
  )
  const found: ResolvedRpm[] = []
  const waiting = [...rpms]
  const seen = new Set<string>()
  for (let rpm = waiting.shift(); rpm !== undefined; rpm = waiting.shift()) {
    const debs = (rpm.debs ?? []).map((name) => {
      const deb = available.get(name) ?? installed.get(name)
      return (
        deb ?? fail(`Cannot build package "${rpm?.name}": there is no Debian package "${name}"`)
      )
    })
    const own = new Set(debs.map(({ name }) => name))
    const skip = new Set([...without, ...(rpm.without ?? [])])
    const requires = new Set(rpm.requires)
    for (const clause of debs.flatMap(({ depends }) => depends)) {
      if (skip.has('*') || clause.some((one) => skip.has(one) || present.has(one))) continue
      const choice = clause
        .map((one) => providers.get(one) ?? one)
        .find((one) => available.has(one))
      if (choice === undefined)
        fail(`Cannot build package "${rpm.name}": it needs "${clause.join(' | ')}"`)
      if (own.has(choice)) continue
      const holder = holders.get(choice) ?? `deb-${choice}`
      if (holder !== rpm.name) requires.add(holder)
      if (holders.has(choice) || seen.has(choice)) continue
      seen.add(choice)
      waiting.push({ name: holder, repository: 'baseos', debs: [choice] })
    }
    found.push({ rpm, debs, requires: [...requires] })
  }
  return found
}

function namesOf({ name, provides }: Deb): readonly string[] {
  return [name, ...provides]
}

function fail(message: string): never {
  throw new HostwrightError('LAB_FAILED', message, { hint: 'Correct lib/lab/el9' })
}
