import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineLab, type Lab } from '../../lib/lab/index.js'
import { quote } from '../../lib/core/quote.js'
import { measure } from './measure.js'
import { writeInventory, type Target } from './targets.js'
import { labBase } from './workloads.js'

const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url))
const setUp = fileURLToPath(new URL('set-up.ts', import.meta.url))

/** The lab of Debian hosts, each with a real sshd, that is measured on. */
export function benchLab(count: number): Lab {
  const names = Array.from({ length: count }, (_, at) => `n${String(at + 1).padStart(2, '0')}`)
  return defineLab({
    name: 'bench',
    subnet: '198.18.60.0/26',
    hosts: Object.fromEntries(names.map((name) => [name, {}])),
  })
}

const inotify = '/proc/sys/fs/inotify/max_user_instances'

/**
 * Lets root have enough inotify instances for so many systemds: they share root's number, which is 128
 * as a rule. Gives what puts the old one back.
 */
export function raiseInotifyLimit(tell: (line: string) => void): () => void {
  const before = readFileSync(inotify, 'utf8')
  if (Number(before) >= 1024) return () => undefined
  tell('setting fs.inotify.max_user_instances to 1024 as long as this runs')
  writeFileSync(inotify, '1024\n')
  return () => writeFileSync(inotify, before)
}

/** Prints an archive of the files of all packages that a host has installed since it was blank. */
const pack = `awk '$3 == "install" { print $4 }' /var/log/dpkg.log | xargs dpkg -L |
  while read -r file; do [ -d "$file" ] || [ ! -e "$file" ] || echo "$file"; done |
  tar -cPf - -T - --transform 's,^/,,'`

/** The hosts of the lab, which is up after it, with the Python that Ansible needs. */
export async function readyTargets(
  lab: Lab,
  folder: string,
  tell: (line: string) => void,
): Promise<readonly Target[]> {
  await lab.up(tell)
  const { hosts = {} } = await lab.load()
  const targets = Object.entries(hosts).map(([name, vars]) => targetOf(name, vars ?? {}))
  tell('installing python3 on one host, and copying it to the others, for Ansible')
  const cwd = join(folder, 'set-up')
  const inventory = await writeInventory(cwd, targets.slice(0, 1))
  await measure([tsx, setUp, '-i', inventory], { cwd })
  const [first, ...others] = targets.map(({ name }) => lab.sshCommand(name).map(quote).join(' '))
  // Fifty package managers at once would take ten minutes.
  const archive = quote(join(cwd, 'python.tar'))
  await measure(['sh', '-c', `${first} ${quote(pack)} >${archive}`])
  for (const other of others) await measure(['sh', '-c', `${other} tar -C / -xf - <${archive}`])
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
