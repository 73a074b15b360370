import type { Readable } from 'node:stream'
import { HostwrightError } from '../core/errors.js'
import { readyLine } from './loop.js'
import type { Become } from './types.js'
import type { End, Wire } from './wire.js'

export interface Login {
  /** The host's inventory name. */
  readonly host: string
  readonly become?: Become
  /** What sudo prints when it asks for the password. */
  readonly prompt: string
}

/** Milliseconds until a shell that says nothing is given up; sudo may ask a directory service. */
const patience = 30_000

/**
 * Waits until the shell is ready. sudo gets the password when it asks, and only then, so that no
 * password is left for somebody else to read where sudo asks for none.
 *
 * @returns whether the host has gzip
 * @throws HostwrightError BECOME_FAILED where sudo refuses, HOST_UNREACHABLE where the login shell does
 */
export async function logIn(wire: Wire, login: Login): Promise<boolean> {
  const output = { stdout: '', stderr: '' }
  let asked = 0
  const stop: (() => void)[] = []
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const refuse = (what: string, hint?: string): void =>
        reject(refusal(login, what, output.stderr || output.stdout, hint))
      const timer = setTimeout(() => refuse(`no shell within ${patience / 1000} s`), patience)
      stop.push(
        () => clearTimeout(timer),
        listen(wire.stdout, (chunk) => {
          output.stdout += chunk.toString('latin1')
          const ready = readyLine.exec(output.stdout)
          if (ready) resolve(ready[1] !== undefined)
        }),
        listen(wire.stderr, (chunk) => {
          output.stderr += chunk.toString()
          const prompts = output.stderr.split(login.prompt).length - 1
          if (prompts <= asked) return
          asked = prompts
          const password = login.become?.password
          if (password === undefined)
            refuse('sudo asks for a password and none is given', 'Set ansible_become_password')
          else if (asked > 1)
            refuse(
              'sudo does not accept the password',
              'Set ansible_become_password to the right one',
            )
          else wire.stdin.write(`${password}\n`)
        }),
      )
      void wire.ended.then((end) => refuse(endText(end, login)))
    })
  } catch (error) {
    wire.kill()
    throw error
  } finally {
    for (const each of stop) each()
  }
}

function listen(stream: Readable, take: (chunk: Buffer) => void): () => void {
  stream.on('data', take)
  return () => void stream.off('data', take)
}

/** 127 is what a shell answers where a command does not exist. */
function endText({ reason, exitCode }: End, { become }: Login): string {
  if (become !== undefined && exitCode === 127) return 'sudo is not installed'
  return `${become === undefined ? 'the login shell' : 'sudo'} ended (${reason})`
}

function refusal(
  { host, become, prompt }: Login,
  what: string,
  said: string,
  hint?: string,
): HostwrightError {
  const stderr = said.replaceAll(prompt, '').trim()
  const lines = stderr.split('\n')
  // sudo's own lines say what is wrong; around them may stand a lecture, or what follows from it.
  const line = lines.find((each) => each.startsWith('sudo: ')) ?? lines.at(-1)
  const text = line ? `${what}: ${line}` : what
  if (become === undefined)
    return new HostwrightError('HOST_UNREACHABLE', `Cannot open a shell on "${host}": ${text}`, {
      host,
      stderr,
      hint: hint ?? `Log in by hand and look what the login shell of the user does`,
    })
  return new HostwrightError(
    'BECOME_FAILED',
    `Cannot become "${become.user}" on "${host}": ${text}`,
    {
      host,
      stderr,
      hint: hint ?? `Check that sudo is installed there and lets the user become ${become.user}`,
    },
  )
}
