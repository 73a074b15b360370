import type { WiredShell } from './shell.js'
import type { Become, Connection, ConnectionSettings } from './types.js'

/** How one kind of connection opens shells. */
export interface ShellOpener {
  open(become: Become | undefined): Promise<WiredShell>
  close(): Promise<void>
}

/**
 * Keeps one shell per user, opens it on first use, and again after a loss.
 *
 * @param login - the user who logs in, for whom no sudo is needed
 */
export function shellKeeper(
  settings: ConnectionSettings,
  login: string,
  opener: ShellOpener,
): Connection {
  const shells = new Map<string, Promise<WiredShell>>()

  async function open(become: Become | undefined): Promise<WiredShell> {
    const before = await shells.get(key(become))?.catch(() => undefined)
    return before?.alive === true ? before : opener.open(become)
  }

  function key(become: Become | undefined): string {
    return become?.user ?? login
  }

  return {
    settings,
    shell(become) {
      const other = become?.user === login ? undefined : become
      const shell = open(other)
      shells.set(key(other), shell)
      return shell
    },
    async close() {
      const all = await Promise.allSettled(shells.values())
      shells.clear()
      await Promise.all(all.map((each) => each.status === 'fulfilled' && each.value.close()))
      await opener.close()
    },
  }
}
