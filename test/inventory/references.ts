import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { HostwrightError } from '../../lib/core/errors.js'
import { Secret } from '../../lib/core/secret.js'
import {
  encryptVault,
  inventoryToJson,
  loadInventory,
  parseExtraVars,
} from '../../lib/inventory/index.js'

const vaultPassword = () => Promise.resolve('pw')
const indent = (text: string) => text.trimEnd().replaceAll('\n', '\n  ')

interface Case {
  /** group_vars/web.yml of the host `h`, which is in the group web. */
  readonly vars: string
  readonly extra?: readonly string[]
  readonly gives: Readonly<Record<string, unknown>>
}

const cases: Readonly<Record<string, Case>> = {
  'a text': { vars: 'a: "{{ b }}"\nb: x\n', gives: { a: 'x' } },
  'a reference without blanks': { vars: "a: '{{b}}'\nb: x\n", gives: { a: 'x' } },
  'a reference with many blanks': { vars: "a: '{{   b\t}}'\nb: x\n", gives: { a: 'x' } },
  'a folded block': { vars: 'a: >-\n  {{ b }}\nb: x\n', gives: { a: 'x' } },
  'numbers, booleans and null as they are': {
    vars: 'a: ["{{ n }}", "{{ t }}", "{{ z }}"]\nn: 0\nt: false\nz:\n',
    gives: { a: [0, false, null] },
  },
  'a mapping': { vars: 'a: "{{ m }}"\nm: {k: [1, 2]}\n', gives: { a: { k: [1, 2] } } },
  'a key of a mapping': { vars: 'a: "{{ m.k.l }}"\nm: {k: {l: 5}}\n', gives: { a: 5 } },
  'references in mappings and lists': {
    vars: 'a: {k: ["{{ b }}", {l: "{{ c }}"}]}\nb: 1\nc: 2\n',
    gives: { a: { k: [1, { l: 2 }] } },
  },
  'references to references': {
    vars: 'a: "{{ b }}"\nb: "{{ c.k }}"\nc: {k: "{{ d }}"}\nd: 3\n',
    gives: { a: 3, b: 3, c: { k: 3 } },
  },
  'a key behind a reference': {
    vars: 'a: "{{ m.k }}"\nm: "{{ n }}"\nn: {k: 4}\n',
    gives: { a: 4 },
  },
  'a mapping that refers to itself elsewhere': {
    vars: 'm: {k: 1, l: "{{ m.k }}"}\n',
    gives: { m: { k: 1, l: 1 } },
  },
  'one variable twice': { vars: 'a: ["{{ b }}", "{{ b }}"]\nb: 1\n', gives: { a: [1, 1] } },
  'the name of the host': { vars: 'a: "{{ inventory_hostname }}"\n', gives: { a: 'h' } },
  'what wins in the order of precedence': {
    vars: 'a: "{{ b }}"\nb: weak\n',
    extra: ['b=strong'],
    gives: { a: 'strong' },
  },
  'extra variables that refer to others': {
    vars: 'b: 7\nm: {k: 8}\n',
    extra: ['a={{ b }} q="{{ b }}" s={{b}}', '{"n": {"l": ["{{ m.k }}"]}}'],
    gives: { a: 7, q: 7, s: 7, n: { l: [8] } },
  },
  'what is tagged !unsafe as it is': {
    vars: 'a: !unsafe "{{ b }}"\nb: 1\n',
    gives: { a: '{{ b }}' },
  },
  'a list that replaces one with an unknown name': {
    vars: 'a: "{{ nowhere }}"\n',
    extra: ['a=1'],
    gives: { a: '1' },
  },
}

for (const [name, { vars, extra = [], gives }] of Object.entries(cases))
  t.test(`a reference gives ${name}`, async (t) => {
    const root = t.testdir({ h: '[web]\nh\n', group_vars: { 'web.yml': vars } })
    const inventory = await loadInventory({
      sources: [join(root, 'h')],
      extraVars: await parseExtraVars(extra),
    })
    const found = inventory.hosts.get('h')?.vars ?? {}
    for (const [key, value] of Object.entries(gives)) t.strictSame(found[key], value, key)
  })

t.test('references stand in INI inventories, also in quotes of Python', async (t) => {
  const root = t.testdir({
    h: `h a="{{ b }}" c={{b}} d='"{{ b }}"'\n[all:vars]\nb=5\ne={{ b }}\n`,
  })
  const host = (await loadInventory({ sources: [join(root, 'h')] })).hosts.get('h')
  t.match(host?.vars, { a: 5, c: 5, d: 5, e: 5 })
})

t.test('a secret stays a secret, whatever leads to it', async (t) => {
  const inline = encryptVault('hunter2-inline', 'pw')
  const root = t.testdir({
    h: '[web]\nh ansible_password="{{ vault_password }}"\n',
    group_vars: {
      web: {
        'vars.yml': `role:\n  password: "{{ vault_password }}"\n  token: "{{ vault_more.token }}"\n  inline: "{{ inline }}"\ninline: !vault |\n  ${indent(inline)}\n`,
        'vault.yml': encryptVault(
          'vault_password: hunter2-file\nvault_more: {token: "{{ vault_password }}"}\nbraces: "{{ hunter2-braces"\n',
          'pw',
        ),
      },
    },
  })
  const inventory = await loadInventory({ sources: [join(root, 'h')], vaultPassword })
  const host = inventory.hosts.get('h')
  const role = host?.vars['role'] as Record<string, Secret>
  const revealed = Object.fromEntries(
    Object.entries(role).map(([key, value]) => [key, value.reveal()]),
  )
  t.strictSame(revealed, {
    password: 'hunter2-file',
    token: 'hunter2-file',
    inline: 'hunter2-inline',
  })
  t.type(host?.vars['ansible_password'], Secret)
  const braces = host?.vars['braces'] as Secret | undefined
  t.equal(braces?.reveal(), '{{ hunter2-braces', 'what is no reference is a password')

  const json = JSON.stringify(inventoryToJson(inventory))
  t.match(json, '"ansible_password":"{{ vault_password }}"', 'printed as it is written')
  t.match(json, '"vault_password":"***"')
  t.notMatch(json, 'hunter2')
  const open = JSON.stringify(inventoryToJson(inventory, { revealConnection: true }))
  t.match(open, '"ansible_password":"hunter2-file"', 'a secret of the connection can be used')
  t.match(open, '"password":"{{ vault_password }}"')
})

t.test('origins lead to the line to edit', async (t) => {
  const root = t.testdir({
    h: '[web]\nh\n',
    group_vars: {
      'web.yml': 'role:\n  port: "{{ p }}"\n  peer: "{{ m.k }}"\np: 1\nm:\n  k:\n    l: 2\n',
    },
  })
  const host = (await loadInventory({ sources: [join(root, 'h')] })).hosts.get('h')
  const line = (path: string) => host?.origin(path)?.line
  t.equal(line('role.port'), 2, 'the reference itself')
  t.equal(line('role.peer'), 3)
  t.equal(line('role.peer.l'), 7, 'what is written elsewhere, there')
})

t.test('only a host that is used has to have what is referred to', async (t) => {
  const root = t.testdir({
    h: '[web]\nh b=1\n',
    group_vars: { 'all.yml': 'a: "{{ b }}"\n' },
  })
  const inventory = await loadInventory({ sources: [join(root, 'h')] })
  t.equal(inventory.select('web')[0]?.vars['a'], 1)
  t.throws(() => inventory.select('localhost'), {
    code: 'VARIABLE_INVALID',
    message: /host "localhost" has no variable "b"/,
  })
})

interface Refusal {
  readonly vars: string
  readonly extra?: readonly string[]
  readonly message: string
  readonly line?: number
  readonly hint?: string | RegExp
}

const refusals: Readonly<Record<string, Refusal>> = {
  'a name that the host does not have': {
    vars: 'b: 1\na:\n  k: "{{ vault_password }}"\n',
    message: 'Cannot use the value of "a.k": host "h" has no variable "vault_password"',
    line: 3,
    hint: 'Set it in group_vars or host_vars, in a vault where it is secret, or with -e',
  },
  'a mistyped name': {
    vars: 'a: "{{ prot }}"\nport: 1\n',
    message: 'Cannot use the value of "a": host "h" has no variable "prot"',
    line: 1,
    hint: 'Did you mean "port"?',
  },
  'a key that is not there': {
    vars: 'm: {key: {port: 1}}\na: "{{ m.key.prot }}"\n',
    message: 'Cannot use the value of "a": "m.key" of host "h" has no key "prot"',
    line: 2,
    hint: 'Did you mean "port"?',
  },
  'a key of what is no mapping': {
    vars: 'm: text\na: "{{ m.length }}"\n',
    message: 'Cannot use the value of "a": "m" of host "h" has no key "length"',
    line: 2,
    hint: '"m" is not a mapping',
  },
  'a key that every object has': {
    vars: 'm: {}\na: "{{ m.constructor }}"\n',
    message: 'has no key "constructor"',
    line: 2,
  },
  'a variable that refers to itself': {
    vars: 'a: "{{ a }}"\n',
    message: 'Cannot use the value of "a": its references form a circle',
    line: 1,
    hint: 'The circle is a > a',
  },
  'a circle over keys': {
    vars: 'a: "{{ m.k }}"\nm:\n  k: "{{ b }}"\nb: "{{ a }}"\n',
    message: 'its references form a circle',
    line: 1,
    hint: 'The circle is m.k > b > a > m.k',
  },
  'a mapping that holds itself': {
    vars: 'm:\n  k: "{{ m }}"\n',
    message: 'Cannot use the value of "m.k": its references form a circle',
    line: 2,
  },
  'an unknown name in extra variables': {
    vars: 'b: 1\n',
    extra: ['a={{ nowhere }}'],
    message: 'Cannot use the value of "a": host "h" has no variable "nowhere"',
  },
  ...Object.fromEntries(
    [
      '"x{{ b }}"',
      '"{{ b }} "',
      '"{{ b }}{{ b }}"',
      '"{{ b | upper }}"',
      '"{{ b + 1 }}"',
      `"{{ m['k'] }}"`,
      '"{{ 5 }}"',
      '"{{ true }}"',
      '"{{ b. }}"',
      '"{{- b -}}"',
      '"{{ }}"',
      '"{% if b %}1{% endif %}"',
    ].map((text): [string, Refusal] => [
      text,
      {
        vars: `b: 1\nm: {k: 1}\na: ${text}\n`,
        message:
          'Cannot use the value of "a": it holds a Jinja expression, and only a reference as the whole value is evaluated',
        line: 3,
        hint: /^Refer to a variable as "\{\{ name \}\}"/,
      },
    ]),
  ),
}

for (const [name, { vars, extra = [], message, line, hint }] of Object.entries(refusals))
  t.test(`loadInventory() refuses ${name}`, async (t) => {
    const root = t.testdir({ h: '[web]\nh\n', group_vars: { 'web.yml': vars } })
    const extraVars = await parseExtraVars(extra)
    const error: unknown = await loadInventory({ sources: [join(root, 'h')], extraVars }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof HostwrightError)) return void t.fail('it was not refused', { error })
    t.equal(error.code, 'VARIABLE_INVALID')
    t.match(error.message, message)
    t.equal(error.place?.line, line)
    t.equal(
      error.place?.file,
      line === undefined ? '--extra-vars' : join(root, 'group_vars/web.yml'),
    )
    if (hint !== undefined) t.match(error.hint, hint)
  })

t.test(
  'ansible-inventory prints references in the same way, and Ansible follows them so',
  async (t) => {
    const root = t.testdir({
      h: '[web]\nh ansible_connection=local\n',
      group_vars: {
        'web.yml':
          'a: "{{ m.k }}"\nm: {k: ["{{ b }}"], l: "{{ m2 }}"}\nb: "{{ c }}"\nc: x\nm2: {n: y}\n',
      },
    })
    const source = join(root, 'h')
    const ansible = spawnSync('ansible-inventory', ['-i', source, '--list'], { encoding: 'utf8' })
    const inventory = await loadInventory({ sources: [source] })
    t.strictSame(inventoryToJson(inventory), JSON.parse(ansible.stdout))
    const host = inventory.hosts.get('h')
    const debug = spawnSync('ansible', ['-i', source, 'h', '-m', 'debug', '-a', 'var=[a,m,b]'], {
      encoding: 'utf8',
      env: { ...process.env, ANSIBLE_NOCOLOR: '1' },
    })
    const shown = JSON.parse(debug.stdout.slice(debug.stdout.indexOf('{'))) as object
    t.strictSame([host?.vars['a'], host?.vars['m'], host?.vars['b']], Object.values(shown)[0])
  },
)
