import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Secret } from '../../lib/core/secret.js'
import { inventoryToJson, loadInventory, parseExtraVars } from '../../lib/inventory/index.js'

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const revealed = (value: unknown) => (value instanceof Secret ? value.reveal() : undefined)
const put = (folder: string, files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

t.test('loadInventory() gives what ansible-inventory printed for the same files', async (t) => {
  const folder = join(fixtures, 'ansible')
  const inventory = await loadInventory({
    sources: [
      join(folder, 'inventory'),
      join(folder, 'other/hosts.ini'),
      'web03,adhoc:2222,[::2]:24',
    ],
    playbookFolder: join(folder, 'playbook'),
  })
  t.strictSame(
    asJson(inventoryToJson(inventory)),
    JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')),
  )
  t.strictSame(
    inventory.hosts.get('web02')?.groups,
    ['late', 'prod', 'z_group', 'a_group', 'web'],
    'groups by depth, priority and name',
  )
})

t.test('each layer of precedence wins over the ones before it', async (t) => {
  const layers: readonly (readonly [file: string, text: string])[] = [
    ['inventory/hosts.yml', 'all: {vars: {v: 0}, hosts: {h: }, children: {g: {hosts: {h: }}}}\n'],
    ['inventory/hosts.yml', 'all: {vars: {v: 0}, children: {g: {hosts: {h: }, vars: {v: 1}}}}\n'],
    ['inventory/group_vars/all.yml', 'v: 2\n'],
    ['playbook/group_vars/all.yml', 'v: 3\n'],
    ['inventory/group_vars/g.yml', 'v: 4\n'],
    ['playbook/group_vars/g.yml', 'v: 5\n'],
    [
      'inventory/hosts.yml',
      'all: {vars: {v: 0}, children: {g: {hosts: {h: {v: 6}}, vars: {v: 1}}}}\n',
    ],
    ['inventory/host_vars/h.yml', 'v: 7\n'],
    ['playbook/host_vars/h.yml', 'v: 8\n'],
  ]
  const root = t.testdir({})
  const load = (extra: readonly string[] = []) =>
    parseExtraVars(extra).then((extraVars) =>
      loadInventory({
        sources: [join(root, 'inventory')],
        playbookFolder: join(root, 'playbook'),
        extraVars,
      }),
    )
  for (const [index, [file, text]] of layers.entries()) {
    put(root, { [file]: text })
    const host = (await load()).hosts.get('h')
    t.equal(host?.vars['v'], index, file)
    t.equal(host?.origin('v')?.file, join(root, file), 'and its origin is known')
    t.equal(host?.origin('v')?.line, 1)
  }
  t.equal((await load(['v=9'])).hosts.get('h')?.vars['v'], '9', 'extra variables')
})

t.test('origins are lines, of nested values too', async (t) => {
  const root = t.testdir({
    'hosts.ini': '[web]\nw1 port=80\n\n[web:vars]\n# a comment\nmode=fast\n',
    group_vars: {
      'web.yml':
        '---\nbase: &base\n  user: app\n  limits:\n    - open: 10\n    - open: 20\nrole:\n  <<: *base\n  password: x\n',
    },
    'extra.yml': '\nversion: 3\n',
  })
  const extraVars = await parseExtraVars(['flag=on', `@${join(root, 'extra.yml')}`])
  const inventory = await loadInventory({ sources: [join(root, 'hosts.ini')], extraVars })
  const host = inventory.hosts.get('w1')
  const lines = Object.fromEntries(
    [
      'port',
      'mode',
      'role',
      'role.password',
      'role.user',
      'base.missing',
      'base.limits.1.open',
      'version',
    ].map((name) => [name, host?.origin(name)?.line]),
  )
  t.strictSame(lines, {
    port: 2,
    mode: 6,
    role: 7,
    'role.password': 9,
    'role.user': 8,
    'base.missing': 2,
    'base.limits.1.open': 6,
    version: 2,
  })
  t.equal(host?.origin('flag')?.file, '--extra-vars')
  t.equal(host?.origin('nothing'), undefined)
})

t.test('a TypeScript inventory is read with the variables beside it', async (t) => {
  const root = t.testdir({
    'hosts.ts': `export default {
  load: async (): Promise<unknown> => ({
    hosts: { c1: { ansible_host: '192.0.2.1', template: '{{ kept }}' }, lonely: {} },
    groups: {
      cluster: { hosts: ['c1', 'c2'], vars: { from: 'typescript' } },
      site: { children: ['cluster'] },
      db: { hosts: { c2: { id: 2 } } },
    },
  }),
}
`,
    group_vars: { 'cluster.yml': 'beside: true\n' },
    'README.md': 'no inventory',
    'types.d.ts': 'export {}',
  })
  const inventory = await loadInventory({ sources: [root] })
  t.strictSame(asJson(inventoryToJson(inventory)), {
    _meta: {
      hostvars: {
        c1: {
          ansible_host: '192.0.2.1',
          template: '{{ kept }}',
          from: 'typescript',
          beside: true,
        },
        c2: { id: 2, from: 'typescript', beside: true },
      },
    },
    all: { children: ['ungrouped', 'site', 'db'] },
    ungrouped: { hosts: ['lonely'] },
    cluster: { hosts: ['c1', 'c2'] },
    site: { children: ['cluster'] },
    db: { hosts: ['c2'] },
  })
  t.equal(inventory.hosts.get('c1')?.origin('from')?.file, join(root, 'hosts.ts'))
  put(root, { 'plain.mjs': 'export default { hosts: { m: { x: 1 } } }\n' })
  const plain = await loadInventory({ sources: [join(root, 'plain.mjs')] })
  t.strictSame([...plain.hosts.keys()], ['m'])
})

t.test('vault values are secrets, and the password is asked for once', async (t) => {
  const folder = join(fixtures, 'vault')
  let asked = 0
  const vaultPassword = () => {
    asked++
    return Promise.resolve('correct horse')
  }
  const inventory = await loadInventory({ sources: [join(folder, 'inventory')], vaultPassword })
  const vars = inventory.hosts.get('w1')?.vars ?? {}
  t.equal(revealed(vars['inline_password']), 'hunter2-two')
  t.equal(revealed(vars['ansible_password']), 'hunter2-four', 'format 1.2')
  t.equal(revealed(vars['web_password']), 'hunter2-one', 'of a file that is encrypted as a whole')
  t.equal(revealed(vars['unicode']), 'pässwörd ☃')
  t.equal(vars['web_port'], 8080, 'numbers stay as they are')
  t.match(vars['web_nested'], { tokens: [Secret, Secret], true: true })
  t.match(vars['list'], ['plain', Secret])
  t.equal(vars['braces'], '{{ kept }}', 'what is tagged !unsafe is taken literally')
  t.equal(inventory.hosts.get('w1')?.origin('inline_password')?.line, 2)
  t.equal(asked, 1)
  const shown = JSON.stringify(inventoryToJson(inventory))
  t.notMatch(shown, /hunter2|alpha-token/)
  const open = JSON.stringify(inventoryToJson(inventory, { revealConnection: true }))
  t.match(open, '"ansible_password":"hunter2-four"')
  t.notMatch(open, /hunter2-(?:one|two|three)/, 'other secrets stay hidden')
  await loadInventory({ sources: [join(fixtures, 'ansible/inventory')], vaultPassword })
  t.equal(asked, 1, 'not asked where there is no vault')
})

t.test('parseExtraVars() reads pairs, JSON and files', async (t) => {
  const root = t.testdir({
    'x.yml': 'a: 010\nb: yes\n',
    'x.json': '{"a": 1e3}',
    secret: readFileSync(join(fixtures, 'vault/inventory/group_vars/all'), 'utf8'),
  })
  const cases: readonly (readonly [values: readonly string[], expected: unknown])[] = [
    [['a=1 b=yes'], { a: '1', b: 'yes' }],
    [['note="two words" x=\'a "b" c\''], { note: 'two words', x: 'a "b" c' }],
    [['a=b=c', 'a=d'], { a: 'd' }],
    [['a=  b=2'], { a: '', b: '2' }],
    [[String.raw`tab=a\tb path=C:\\x`], { tab: 'a\tb', path: 'C:\\x' }],
    [[String.raw`half="a" tail=x"y"`], { half: 'a', tail: 'x"y"' }],
    [['a=1\nb=2'], { a: '1', b: '2' }],
    [['{"a": 1e3, "b": {"c": [true, null]}}'], { a: 1000, b: { c: [true, null] } }],
    [['{a: yes, b: 1e3}'], { a: true, b: '1e3' }],
    [[`@${root}/x.yml`, 'c=1'], { a: 8, b: true, c: '1' }],
    [[`@${root}/x.json`], { a: 1000 }],
    [[], {}],
  ]
  for (const [values, expected] of cases)
    t.strictSame(await parseExtraVars(values), expected, values.join(' ; '))
  const vars = await parseExtraVars([`@${root}/secret`], {
    vaultPassword: () => Promise.resolve('correct horse'),
  })
  t.type(vars['unicode'], Secret)
})
