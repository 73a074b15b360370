// inventories/alma9 as its README says to use it; nothing is connected to.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Secret } from '../../lib/core/secret.js'
import { isVault, loadInventory } from '../../lib/inventory/index.js'
import { tempFolder } from '../fixtures/run.js'
import { runPlaybook } from '../fixtures/playbook.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const site = 'playbooks/site.ts'
const password = 'correct horse'
const env = { HOSTWRIGHT_VAULT_PASSWORD: password }

/** The commands of the README's blocks, run where `inventories/alma9` is the copy. */
function commands(cwd: string, pattern: RegExp): void {
  const readme = readFileSync(join(root, 'inventories/alma9/README.md'), 'utf8')
  const lines = [...readme.matchAll(/^```sh\n(.*?)^```/gms)]
    .flatMap((found) => (found[1] ?? '').split('\n'))
    .filter((line) => pattern.test(line))
    .map((line) => line.replace('npx hostwright', `node '${join(root, 'lib/cli/hostwright.mjs')}'`))
  if (lines.length === 0) throw new Error(`the README has no command like ${pattern}`)
  const script = ['unset NODE_OPTIONS', 'set -e', ...lines].join('\n')
  const { status, stderr } = spawnSync('sh', ['-c', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (status !== 0) throw new Error(stderr)
}

t.test(
  'inventories/alma9 is ready when its vault is made and its package’s sum put in',
  async (t) => {
    const cwd = await tempFolder(t)
    const inventory = join(cwd, 'inventories/alma9')
    const vault = join(inventory, 'group_vars/cluster/vault.yml')
    cpSync(join(root, 'inventories/alma9'), inventory, { recursive: true })
    const list = async (flag = '--list-tasks') =>
      await runPlaybook(site, ['-i', inventory, flag], { env })

    await t.test('without one, a run says what is missing and what to do', async (t) => {
      const run = await list()
      t.equal(run.exitCode, 1)
      t.match(
        run.stderr,
        /^Cannot use the value of "mariadb_master_master.replicationPassword": host "alma9-c1" has no variable "vault_replication_password"\n.*\n {2}place: .*vars.yml:\d+:\d+\n {2}hint: Set it in .* vault/,
      )
    })

    await t.test('with one that is not filled in, it is refused', async (t) => {
      commands(cwd, /^(cp|chmod) /)
      commands(cwd, /vault encrypt /)
      t.ok(isVault(readFileSync(vault, 'utf8')))
      const bare = await list()
      t.equal(bare.exitCode, 1)
      t.match(bare.stderr, /parameter "packageSha256": is not a SHA-256/)
      t.match(bare.stderr, /place: .*vars.yml:\d+:\d+/)
      const vars = join(inventory, 'group_vars/cluster/vars.yml')
      const sum = `packageSha256: ${'0a'.repeat(32)}`
      writeFileSync(vars, readFileSync(vars, 'utf8').replace("packageSha256: ''", sum))
      const run = await list()
      t.equal(run.exitCode, 1)
      t.match(run.stderr, /parameter "[a-z.]*password": is empty/i)
      t.match(run.stderr, /place: .*vars.yml:\d+:\d+/)
    })

    await t.test('with all values, site.ts lists what it does on which hosts', async (t) => {
      commands(cwd, /^(cp|chmod) /)
      let count = 0
      const filled = readFileSync(vault, 'utf8').replaceAll("''", () => `'hunter2-${++count}'`)
      t.equal(count, 3)
      writeFileSync(vault, filled)
      commands(cwd, /vault encrypt /)

      const hosts = await list('--list-hosts')
      t.equal(hosts.exitCode, 0, hosts.stderr)
      t.match(hosts.stdout, 'play "Database" (2 hosts): alma9-c1, alma9-c2\n')
      const tasks = await list()
      t.equal(tasks.exitCode, 0, tasks.stderr)
      t.match(tasks.stdout, 'hostsEntry 192.168.14.136 alma9-c1.bar.local alma9-c1\n')
      t.match(tasks.stdout, 'hostsEntry 192.168.14.137 alma9-c2.bar.local alma9-c2\n')
      t.notMatch(`${tasks.stdout}${tasks.stderr}`, /hunter2|warning/)
    })

    await t.test('its secrets are where the roles look for them', async (t) => {
      const { hosts } = await loadInventory({
        sources: [inventory],
        vaultPassword: () => Promise.resolve(password),
      })
      const vars = hosts.get('alma9-c2')?.vars
      t.match(vars, {
        mariadb_master_master: { replicationPassword: Secret },
        acme2certifier_django: {
          database: { password: Secret },
          caHandler: { issuingCaKeyPassphrase: Secret },
        },
      })
      const file = join(inventory, 'group_vars/cluster/vars.yml')
      t.match(hosts.get('alma9-c2')?.origin('acme2certifier_django.database.password'), { file })
    })

    await t.test('ansible-inventory reads the same hosts', (t) => {
      const script = join(cwd, 'password')
      writeFileSync(script, password)
      const { stdout } = spawnSync(
        'ansible-inventory',
        ['-i', inventory, '--vault-password-file', script, '--list'],
        { encoding: 'utf8' },
      )
      t.match(JSON.parse(stdout), {
        cluster: { hosts: ['alma9-c1', 'alma9-c2'] },
        _meta: { hostvars: { 'alma9-c1': { vault_ca_passphrase: 'hunter2-3' } } },
      })
      t.end()
    })
  },
)
