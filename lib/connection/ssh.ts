import type { Client, ClientChannel } from 'ssh2'
import { connectThrough } from './connect-through.js'
import { unreachable } from './dial.js'
import type { SshLine } from './dial.js'
import { openShell } from './shell.js'
import { shellKeeper } from './shell-keeper.js'
import type { Connection, ConnectionSettings } from './types.js'
import type { End, Wire } from './wire.js'

/** A host behind ssh: one connection, on which each shell is a channel. */
export function sshConnection(settings: ConnectionSettings): Connection {
  let lines: Promise<readonly SshLine[]> | undefined

  /** The connection, made on first use and again after a loss. */
  async function line(): Promise<SshLine> {
    const before = await lines?.catch(() => undefined)
    if (before === undefined || before.some(({ alive }) => !alive)) {
      for (const each of before ?? []) each.close()
      lines = connectThrough(settings)
    }
    return (await lines!).at(-1)!
  }

  let queue: Promise<unknown> = Promise.resolve()
  return shellKeeper(settings, settings.user, {
    async open(become) {
      // One after the other, so that two shells that are asked for at once share a connection.
      const ready = queue.then(line)
      queue = ready.catch(() => undefined)
      const { client, ended } = await ready
      return openShell(settings.name, (command) => run(settings, client, ended, command), become)
    },
    async close() {
      const all = (await lines?.catch(() => undefined)) ?? []
      for (const each of all.toReversed()) each.close()
    },
  })
}

/** Runs a command line on a channel of its own. */
function run(
  settings: ConnectionSettings,
  client: Client,
  lost: Promise<string>,
  command: string,
): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(unreachable(settings, error.message, error))
    try {
      client.exec(command, (error, channel) => {
        if (error) refuse(error)
        else resolve(channelWire(channel, lost))
      })
    } catch (error) {
      // ssh2 throws where the connection has ended before.
      refuse(error as Error)
    }
  })
}

function channelWire(channel: ClientChannel, lost: Promise<string>): Wire {
  const ended = new Promise<End>((resolve) => {
    let end: End = { reason: 'closed by the host' }
    channel.on('exit', (exitCode: number | null, signal?: string) => {
      end =
        exitCode === null
          ? { reason: `signal ${signal}` }
          : { reason: `exit status ${exitCode}`, exitCode }
    })
    channel.on('error', (error: Error) => (end = { reason: error.message }))
    // With the connection all its channels end; the connection knows better why.
    channel.on('close', () => setImmediate(resolve, end))
    void lost.then((reason) => resolve({ reason }))
  })
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended,
    endsWithConnection: true,
    kill: () => void channel.destroy(),
  }
}
