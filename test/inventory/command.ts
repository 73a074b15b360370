import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runInventory } from '../../lib/cli/inventory.js'

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))
const program = fileURLToPath(new URL('../../lib/cli/hostwright.mjs', import.meta.url))
const secrets = [
  '-i',
  join(fixtures, 'vault/inventory'),
  '--vault-password-file',
  join(fixtures, 'vault/password'),
]

function inventory(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    'env',
    // Without the loader that tap hands down.
    ['-u', 'NODE_OPTIONS', process.execPath, program, 'inventory', ...args],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

t.test('hostwright inventory --list prints the JSON of ansible-inventory', (t) => {
  const folder = join(fixtures, 'ansible')
  const sources = ['inventory', 'other/hosts.ini'].flatMap((name) => ['-i', join(folder, name)])
  const printed = inventory(...sources, '--list')
  t.match(printed, { status: 0, stderr: '' })
  const list = JSON.parse(printed.stdout) as Record<string, { hostvars?: object; hosts?: string[] }>
  t.strictSame(list['web']?.hosts, ['web01', 'web02', 'web03', 'beta', 'extra-1'])
  t.match(printed.stdout, /^\{\n {4}"_meta": /, 'sorted and indented as there')
  t.match(list['_meta']?.hostvars, { 'extra-1': { ansible_host: '192.0.2.7' } })
  t.end()
})

t.test(
  'hostwright inventory hides secrets, and reveals those of the connection when asked',
  (t) => {
    const hidden = inventory(...secrets, '--list')
    t.match(hidden, { status: 0, stdout: /"ansible_password": "\*\*\*"/ })
    t.notMatch(hidden.stdout, /hunter2|alpha-token/)
    const revealed = inventory(...secrets, '--host', 'w1', '--reveal-secrets')
    t.match(JSON.parse(revealed.stdout), {
      ansible_password: 'hunter2-four',
      web_password: '***',
      web_port: 8080,
    })
    t.end()
  },
)

t.test('hostwright inventory --graph prints the tree of ansible-inventory', (t) => {
  const folder = join(fixtures, 'ansible')
  t.strictSame(inventory('-i', join(folder, 'inventory'), '--graph'), {
    status: 0,
    stdout: readFileSync(join(folder, 'expected-graph.txt'), 'utf8'),
    stderr: '',
  })
  t.end()
})

t.test('runInventory() refuses a wrong command line', async (t) => {
  const refusals: readonly (readonly [args: readonly string[], code: string, reason: RegExp])[] = [
    [['-i', 'a,'], 'USAGE_INVALID', /give one of --list, --host and --graph/],
    [['-i', 'a,', '--list', '--graph'], 'USAGE_INVALID', /give one of/],
    [['-i', 'a,', '--list', 'x'], 'USAGE_INVALID', /Cannot use argument "x"/],
    [['-i', 'a,', '--lst'], 'USAGE_INVALID', /Cannot use flag "--lst": there is no such flag/],
    [['-i', 'web1,web2', '--host', 'web'], 'INVENTORY_INVALID', /it is not in the inventory/],
    [['-i', 'nowhere', '--list'], 'INVENTORY_INVALID', /there is no such file or directory/],
  ]
  for (const [args, code, message] of refusals)
    await t.rejects(runInventory(args), { code, message }, args.join(' '))
})
