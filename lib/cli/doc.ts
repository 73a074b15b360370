import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GenericSchema } from 'valibot'
import { HostwrightError } from '../core/errors.js'
import { importModule } from '../core/import-module.js'
import { libFolder } from '../core/lib-folder.js'
import type { Fact } from '../facts/fact.js'
import type { RoleDefinition } from '../play/role.js'
import { readArguments } from './arguments.js'
import { describeParameters } from './describe-schema.js'
import { didYouMean } from './did-you-mean.js'
import { parameterTable } from './parameter-table.js'

const help = `Usage: hostwright doc ROLE

  Prints what a role takes and gives: its parameters with their types and defaults, its facts, and
  the families of systems that it supports.

  ROLE         the role's folder or file, a package (hostwright-role-nginx), or the name of one of
               roles/ or of Hostwright's own
  -h, --help   print this help
`

type Definition = Pick<
  RoleDefinition<Record<string, GenericSchema>, unknown, string>,
  'name' | 'params' | 'fromPlaybook' | 'families' | 'publishes' | 'needs' | 'returns'
>

/**
 * Runs `hostwright doc`.
 *
 * @param argv what comes after the word doc
 * @returns the exit code
 * @throws HostwrightError USAGE_INVALID where there is no such role, and what the role throws
 */
export async function runDoc(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, { help: { type: 'boolean', short: 'h' } })
  if (values.help === true) {
    process.stdout.write(help)
    return 0
  }
  const [wanted, extra] = positionals
  if (wanted === undefined || extra !== undefined)
    throw new HostwrightError('USAGE_INVALID', 'Cannot describe a role: name one', {
      hint: `Write hostwright doc ROLE. ${toldRoles()}`,
    })
  const file = findRole(wanted)
  const exported = Object.values(await importModule(file))
  const roles = exported.flatMap((one) => definitionOf(one) ?? [])
  if (roles.length === 0)
    throw new HostwrightError('USAGE_INVALID', `Cannot describe "${wanted}": it exports no role`, {
      hint: 'Export what role() gives',
    })
  const page = pageOf(file)
  process.stdout.write(roles.map(describe).join('\n'))
  if (page !== undefined) process.stdout.write(`\nRead more in ${page}\n`)
  return 0
}

function definitionOf(exported: unknown): Definition | undefined {
  if (typeof exported !== 'function' || !('definition' in exported)) return undefined
  return exported.definition as Definition
}

/** A path, a folder of roles/, a role of the package, or a package. */
function findRole(wanted: string): string {
  const places = [wanted, `roles/${wanted}`].flatMap((path) =>
    ['', '/index.ts', '/index.js', '/index.mjs'].map((end) => resolve(`${path}${end}`)),
  )
  const file = places.find((place) => /\.[cm]?[jt]s$/.test(place) && existsSync(place))
  if (file !== undefined) return file
  const own = [
    new URL(`../roles/${wanted}/index.js`, libFolder),
    new URL(`../roles/${wanted}/index.ts`, libFolder),
  ]
    .map((place) => fileURLToPath(place))
    .find((place) => existsSync(place))
  return own ?? findPackage(wanted)
}

function findPackage(wanted: string): string {
  try {
    return createRequire(resolve('package.json')).resolve(wanted)
  } catch (cause) {
    // Where nothing is found, what Node says of it says no more.
    const { code } = cause as { readonly code?: string }
    const roles = [...(existsSync('roles') ? readdirSync('roles') : []), ...ownRoles()]
    const ways = `Name its folder, or a package that is installed here. ${toldRoles()}`
    throw new HostwrightError('USAGE_INVALID', `Cannot find role "${wanted}": there is none`, {
      cause: code === 'MODULE_NOT_FOUND' ? undefined : cause,
      hint: didYouMean(wanted, roles, ways),
    })
  }
}

function ownRoles(): readonly string[] {
  return readdirSync(fileURLToPath(new URL('../roles', libFolder)))
}

function toldRoles(): string {
  return `Hostwright's own: ${ownRoles().join(', ')}`
}

/** The page of a role, beside its source. */
function pageOf(file: string): string | undefined {
  const [page] = [file, file.replace(/\/dist\/(?!.*\/dist\/)/, '/')]
    .map((path) => join(dirname(path), 'README.md'))
    .filter((path) => existsSync(path))
  return page && relative('.', page)
}

function describe(definition: Definition): string {
  const { name, params, fromPlaybook, families, publishes, needs, returns } = definition
  const parameters = describeParameters(params?.entries ?? {}).map((parameter) =>
    fromPlaybook?.includes(parameter.name)
      ? { ...parameter, fallback: 'from the playbook' }
      : parameter,
  )
  return `Role ${name}

${parameters.length === 0 ? 'It takes no parameters.' : `Parameters, in the inventory under ${name}:\n${parameterTable(parameters).join('\n')}`}

Families:        ${families?.join(', ') ?? 'any'}
Facts published: ${names(publishes)}
Facts needed:    ${names(needs)}
${returns === undefined ? '' : `Returns:         ${returns}\n`}`
}

function names(facts: readonly Fact<unknown>[] | undefined): string {
  return facts?.map(({ name }) => name).join(', ') ?? 'none'
}
