import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where images and packages are kept: `$XDG_CACHE_HOME/hostwright`, shared by all labs. */
export function cacheFolder(...parts: readonly string[]): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'hostwright', ...parts)
}

/** Where a lab keeps its hosts and keys: `$XDG_STATE_HOME/hostwright/labs/NAME`. */
export function labFolder(name: string, ...parts: readonly string[]): string {
  return stateFolder('labs', name, ...parts)
}

/** What a test has a lock on while it has a lab: not the lab's folder, which comes and goes meanwhile. */
export function labTestFolder(name: string): string {
  return stateFolder('lab-tests', name)
}

function stateFolder(...parts: readonly string[]): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(state, 'hostwright', ...parts)
}
