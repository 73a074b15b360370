import { words } from './probes/scripts.js'

/** Installs; where another process holds its lock, dnf waits by itself. */
export function dnfInstall(names: readonly string[], recommends: boolean | undefined): string {
  const weak =
    recommends === undefined ? '' : `--setopt=install_weak_deps=${recommends ? 'True' : 'False'} `
  return `dnf -q -y ${weak}install -- ${words(names)} </dev/null`
}

export function dnfRemove(names: readonly string[]): string {
  return `dnf -q -y remove -- ${words(names)} </dev/null`
}
