import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineLab, type Lab } from '../../lib/lab/index.js'
import { measure } from './measure.js'
import { writeInventory, type Target } from './targets.js'
import { labBase } from './workloads.js'

const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url))
const setUp = fileURLToPath(new URL('set-up.ts', import.meta.url))

/** The lab of Debian hosts, each with a real sshd, that is measured on. */
export function benchLab(count: number): Lab {
  const names = Array.from({ length: count }, (_, at) => `bench${String(at + 1).padStart(2, '0')}`)
  return defineLab({
    name: 'bench',
    subnet: '198.18.60.0/26',
    hosts: Object.fromEntries(names.map((name) => [name, {}])),
  })
}

/** The hosts of the lab, which is up after it, with the Python that Ansible needs. */
export async function readyTargets(
  lab: Lab,
  folder: string,
  tell: (line: string) => void,
): Promise<readonly Target[]> {
  await lab.up(tell)
  const { hosts = {} } = await lab.load()
  const targets = Object.entries(hosts).map(([name, vars]) => targetOf(name, vars ?? {}))
  tell('installing python3 on the hosts, for Ansible')
  const cwd = join(folder, 'set-up')
  const inventory = await writeInventory(cwd, targets)
  await measure([tsx, setUp, '-i', inventory], { cwd })
  return targets
}

function targetOf(name: string, vars: Readonly<Record<string, unknown>>): Target {
  const address = String(vars['ansible_host'])
  const knownHosts = String(vars['ansible_ssh_common_args']).split('UserKnownHostsFile=')[1] ?? ''
  const lines = readFileSync(knownHosts, 'utf8').split('\n')
  const [, , hostKey = ''] =
    lines.find((line) => line.startsWith(`${name},${address} `))?.split(' ') ?? []
  const privateKeyFile = String(vars['ansible_ssh_private_key_file'])
  return { name, address, port: 22, user: 'root', privateKeyFile, hostKey, base: labBase }
}
