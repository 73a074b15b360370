import { randomBytes } from 'node:crypto'
import { frameReader } from './frames.js'
import { logIn } from './log-in.js'
import { startLoop } from './loop.js'
import { checkMessage, sendMessage } from './send-message.js'
import { commandTimeout, connectionLost } from './shell-errors.js'
import type { Become, Message, Reply, Shell } from './types.js'
import type { End, Wire } from './wire.js'

/** A shell that knows whether it is still there. */
export interface WiredShell extends Shell {
  readonly alive: boolean
}

/** Milliseconds that an idle shell gets to end by itself when it is closed. */
const grace = 1000
/** Milliseconds after a message's timeout until a host that does not answer even that is given up. */
const overtime = 20_000

/**
 * Opens a long-lived shell.
 *
 * @param host - the inventory name, for messages
 * @param open - runs a command line on the host
 * @param become - whose rights the shell gets; left out for those of the login
 * @throws HostwrightError BECOME_FAILED, HOST_UNREACHABLE, and what `open` throws
 */
export async function openShell(
  host: string,
  open: (command: string) => Promise<Wire>,
  become?: Become,
): Promise<WiredShell> {
  const mark = `\u0001${randomBytes(12).toString('hex')}`
  const prompt = `[hostwright ${randomBytes(6).toString('hex')}] `
  const start = startLoop(mark, become && { user: become.user, prompt })
  const wire = await open(start.command)
  // A broken pipe shows as the wire's end.
  wire.stdin.on('error', () => undefined)
  const gzip = await logIn(wire, { host, prompt, ...(become && { become }) })
  return wiredShell(host, wire, { mark, gzip, loop: start.input })
}

/** The shell behind a wire on which the loop has been started. */
function wiredShell(
  host: string,
  wire: Wire,
  { mark, gzip, loop }: { readonly mark: string; readonly gzip: boolean; readonly loop: string },
): WiredShell {
  const stdout = frameReader(mark)
  const stderr = frameReader(mark)
  wire.stdout.on('data', stdout.push)
  wire.stderr.on('data', stderr.push)

  let end: End | undefined
  let over: (end: End) => void
  const ended = new Promise<End>((resolve) => {
    over = (how) => resolve((end ??= how))
  })
  void wire.ended.then(over!)
  let number = 0
  let waiting = 0
  let queue: Promise<unknown> = Promise.resolve()

  function giveUp(reason: string): void {
    over({ reason })
    wire.kill()
  }

  async function exchange(message: Message): Promise<Reply> {
    checkMessage(message)
    if (end !== undefined) throw connectionLost(host, end)
    const { timeout, onStdout, onStderr } = message
    const output: Buffer[] = []
    const errors: Buffer[] = []
    const started = performance.now()
    number++
    const answer = Promise.all([
      stdout.expect(number, onStdout ?? ((chunk) => void output.push(chunk))),
      stderr.expect(number, (chunk) => {
        errors.push(chunk)
        onStderr?.(chunk)
      }),
      // What reads the messages goes along with the first.
      sendMessage(wire.stdin, number === 1 ? loop : '', number, message, gzip),
    ])
    const guard =
      timeout && setTimeout(() => giveUp('no answer after a timeout'), timeout + overtime)
    const first = await Promise.race([answer, ended])
      .catch((error: unknown) => {
        // Nobody knows any more where in the stream the host is.
        giveUp('a message broke off')
        throw error
      })
      .finally(() => clearTimeout(guard))
    const exitCode = 'reason' in first ? undefined : first[0]
    const texts = { stdout: Buffer.concat(output), stderr: Buffer.concat(errors) }
    const late = timeout !== undefined && performance.now() - started >= timeout
    if (late && (exitCode === undefined || exitCode === 124 || exitCode === 137))
      throw commandTimeout(host, timeout, texts)
    if ('reason' in first) throw connectionLost(host, first, texts.stderr)
    return { ...texts, exitCode: first[0] }
  }

  return {
    get alive() {
      return end === undefined
    },
    run(message) {
      waiting++
      const reply = queue.then(() => exchange(message)).finally(() => waiting--)
      queue = reply.catch(() => undefined)
      return reply
    },
    async close() {
      const idle = waiting === 0
      over({ reason: 'closed' })
      if (idle && wire.endsWithConnection) return
      wire.stdin.end()
      const limit = async (): Promise<void> => {
        let timer: NodeJS.Timeout | undefined
        const late = new Promise((done) => (timer = setTimeout(done, grace)))
        await Promise.race([wire.ended, late])
        // Left to run, it would keep the whole program for as long.
        clearTimeout(timer)
      }
      if (idle) await limit()
      wire.kill()
      await limit()
    },
  }
}
