import { openSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ReadStream, WriteStream } from 'node:tty'
import { HostwrightError } from './errors.js'

/**
 * Asks for a text on the terminal, without showing what is typed. Standard input and output stay free
 * for data.
 *
 * @throws HostwrightError USAGE_INVALID where there is no terminal, INTERRUPTED for Ctrl-C and Ctrl-D
 */
export async function askPassword(prompt: string): Promise<string> {
  const { input, output } = openTerminal()
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silent, terminal: true })
  const stopped = new AbortController()
  lines.on('SIGINT', () => stopped.abort())
  lines.on('close', () => stopped.abort())
  try {
    output.write(prompt)
    return await lines.question('', { signal: stopped.signal })
  } catch {
    throw new HostwrightError('INTERRUPTED', 'Cannot ask for a password: it was interrupted')
  } finally {
    output.write('\n')
    lines.close()
    input.destroy()
    output.destroy()
  }
}

function openTerminal(): { readonly input: ReadStream; readonly output: WriteStream } {
  try {
    return {
      input: new ReadStream(openSync('/dev/tty', 'r')),
      output: new WriteStream(openSync('/dev/tty', 'w')),
    }
  } catch (error) {
    throw new HostwrightError('USAGE_INVALID', 'Cannot ask for a password: there is no terminal', {
      cause: error,
    })
  }
}
