import { quote } from '../core/quote.js'
import { words } from './probes/scripts.js'

/** What of an installation is not said by names. */
export interface DnfOptions {
  readonly recommends?: boolean | undefined
  readonly enableRepo?: readonly string[] | undefined
  readonly disableRepo?: readonly string[] | undefined
}

/**
 * Installs packages, groups (`@Development Tools`), profiles of modules (`@mariadb:10.11/server`) and
 * package files, all in one transaction; a stream of a module (`@mariadb:10.11`) is enabled before.
 * Where another process holds its lock, dnf waits by itself.
 */
export function dnfInstall(
  names: readonly string[],
  recommends?: boolean,
  options: DnfOptions = {},
): string {
  const dnf = command({ ...options, recommends })
  const streams = names.filter(isStream)
  const others = names.filter((name) => !isStream(name)).map(spec)
  return [
    ...(streams.length > 0
      ? [`${dnf} module enable -- ${words(streams.map((name) => name.slice(1)))} </dev/null`]
      : []),
    ...(others.length > 0 ? [`${dnf} --best install -- ${words(others)} </dev/null`] : []),
  ].join(' && ')
}

export function dnfRemove(names: readonly string[], options: DnfOptions = {}): string {
  const dnf = command(options)
  const streams = names.filter(isStream).map((name) => name.slice(1).replace(/:.*/, ''))
  const others = names.filter((name) => !isStream(name)).map(spec)
  return [
    ...(others.length > 0 ? [`${dnf} remove -- ${words(others)} </dev/null`] : []),
    ...(streams.length > 0 ? [`${dnf} module reset -- ${words(streams)} </dev/null`] : []),
  ].join(' && ')
}

/** Updates all that is installed. */
export function dnfUpdate(options: DnfOptions = {}): string {
  return `${command(options)} --refresh upgrade </dev/null`
}

/** Options of dnf that say which repositories count. */
export function repositoryFlags({ enableRepo = [], disableRepo = [] }: DnfOptions): string {
  return [
    ...disableRepo.map((name) => ` --disablerepo=${quote(name)}`),
    ...enableRepo.map((name) => ` --enablerepo=${quote(name)}`),
  ].join('')
}

function command(options: DnfOptions): string {
  const { recommends } = options
  const weak =
    recommends === undefined ? '' : ` --setopt=install_weak_deps=${recommends ? 'True' : 'False'}`
  return `dnf -q -y${weak}${repositoryFlags(options)}`
}

/** `@name:stream` without a profile. */
function isStream(name: string): boolean {
  return /^@[^:]+:[^/]+$/.test(name)
}

/** A version is written as dnf takes it. */
function spec(name: string): string {
  return /^[/@]/.test(name) ? name : name.replace('=', '-')
}
