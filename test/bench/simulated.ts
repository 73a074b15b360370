import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import ssh2 from 'ssh2'
import type { Target } from './targets.js'

const port = 2022
/** Numbers that no user has. */
const firstUid = 200_000

export interface SimulatedHosts {
  readonly targets: readonly Target[]
  close(): Promise<void>
}

/** A simulated host's address, its user's number and home. */
export function simulatedHost(folder: string, at: number) {
  return {
    address: `127.20.${at >> 8}.${at & 255}`,
    uid: firstUid + at,
    home: join(folder, 'homes', String(at)),
  }
}

/** Starts the process that is the hosts. Its folder has to be open to all users. */
export async function startSimulatedHosts(folder: string, count: number): Promise<SimulatedHosts> {
  mkdirSync(join(folder, 'homes'), { recursive: true })
  const [host, user] = [keyPair(), keyPair()]
  const privateKeyFile = join(folder, 'user')
  writeFileSync(join(folder, 'host_key'), host.private, { mode: 0o600 })
  writeFileSync(privateKeyFile, user.private, { mode: 0o600 })
  writeFileSync(`${privateKeyFile}.pub`, user.public)
  const script = fileURLToPath(new URL('simulated-hosts.ts', import.meta.url))
  const args = ['--import', import.meta.resolve('tsx'), script, folder, String(count), String(port)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const ready = once(createInterface({ input: child.stdout }), 'line')
  const first = await Promise.race([ready, ended.then(() => undefined)])
  if (!first) throw new Error('the simulated hosts have not started')
  const hostKey = host.public.split(' ')[1] ?? ''
  return {
    targets: Array.from({ length: count }, (_, at) => {
      const { address, home } = simulatedHost(folder, at)
      const name = `simulated${String(at + 1).padStart(4, '0')}`
      return {
        name,
        address,
        port,
        user: 'simulated',
        privateKeyFile,
        hostKey,
        base: `${home}/work`,
      }
    }),
    async close() {
      child.kill()
      await ended
    },
  }
}

function keyPair(): { readonly private: string; readonly public: string } {
  return ssh2.utils.generateKeyPairSync('ed25519')
}
