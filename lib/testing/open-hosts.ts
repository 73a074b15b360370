import { HostwrightError } from '../core/errors.js'
import type { CommandOptions, Host, RemoteShell } from '../host/index.js'
import { runPlay, type PlayRun } from './run-play.js'
import type { TestHost } from './types.js'

interface OpenHosts {
  host(name: string): TestHost
  close(): Promise<void>
}

/** Hosts for assertions: those of a play in check mode that does not end before it is closed. */
export async function openHosts(run: Omit<PlayRun, 'mode'>): Promise<OpenHosts> {
  const wanted = run.inventory.select(run.hosts).length
  const hosts = new Map<string, TestHost>()
  let opened: () => void = () => undefined
  let end: () => void = () => undefined
  const open = new Promise<void>((resolve) => (opened = resolve))
  const ended = new Promise<void>((resolve) => (end = resolve))
  const play = runPlay({ ...run, mode: 'check' }, async (host) => {
    hosts.set(host.name, Object.freeze({ ...host, $: readOnlyShell(host) }))
    if (hosts.size === wanted) opened()
    await ended
  })
  const { failure } = (await Promise.race([play, open])) ?? {}
  if (failure !== undefined) throw failure
  return {
    host(name) {
      const host = hosts.get(name)
      if (host !== undefined) return host
      throw new HostwrightError('USAGE_INVALID', `Cannot look at host "${name}": it took no part`, {
        hint: `the hosts are ${[...hosts.keys()].join(', ')}`,
      })
    },
    async close() {
      end()
      await play
    },
  }
}

function readOnlyShell(host: Host): RemoteShell {
  return ((first: TemplateStringsArray | CommandOptions, ...words: readonly string[]) =>
    'raw' in first
      ? host.$({ readOnly: true })(first, ...words)
      : host.$({ ...first, readOnly: true })) as RemoteShell
}
