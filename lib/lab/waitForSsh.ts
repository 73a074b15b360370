import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostwrightError } from '../core/errors.js'
import type { HostDefinition } from './definition.js'
import { bootLogTail, isRunning } from './machine.js'

/** Whether an sshd says who it is at an address within some milliseconds. */
export async function answersSsh(address: string, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout })
    const end = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (data) => end(data.toString('latin1').startsWith('SSH-'))())
    socket.on('timeout', end(false)).on('error', end(false)).on('close', end(false))
  })
}

/**
 * Waits until a host's sshd answers.
 *
 * @throws HostwrightError LAB_FAILED when the host ends instead, or in some milliseconds has not
 */
export async function waitForSsh(
  lab: string,
  host: HostDefinition,
  timeout: number,
): Promise<void> {
  const deadline = Date.now() + timeout
  while (!(await answersSsh(host.address, 1000))) {
    const running = isRunning(lab, host.name)
    if (running && Date.now() < deadline) {
      await sleep(50)
      continue
    }
    const what = running ? `its sshd has not answered in ${timeout / 1000} s` : 'it ended'
    throw new HostwrightError('LAB_FAILED', `Cannot boot lab host "${host.name}": ${what}`, {
      stderr: await bootLogTail(lab, host.name),
      hint: 'Try again; if it stays so, take the lab down and up',
    })
  }
}
