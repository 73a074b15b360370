import { join, relative } from 'node:path'
import t from 'tap'
import { HostwrightError } from '../../lib/core/errors.js'
import { loadInventory, parseExtraVars } from '../../lib/inventory/index.js'

interface Case {
  readonly files: Readonly<Record<string, string>>
  /** @default the first file */
  readonly source?: string
  readonly message: RegExp | string
  /** `file:line:column` within the folder of the case. */
  readonly place?: string
  readonly code?: string
  readonly hint?: string
  readonly password?: string
}

const vault = '$ANSIBLE_VAULT;1.1;AES256\n6162\n'

const cases: Readonly<Record<string, Case>> = {
  'YAML that does not parse': {
    files: { 'h.yml': 'all:\n  hosts:\n    a: {x: 1\n  vars:\n' },
    message: /^Cannot read inventory ".*h.yml": /,
    place: 'h.yml:4:3',
  },
  'a key that is written twice': {
    files: { 'h.yml': 'all:\n  hosts:\n    a:\n    a:\n' },
    message: 'duplicated mapping key',
    place: 'h.yml:4:5',
  },
  'a second document': {
    files: { 'h.yml': 'all:\n---\nall:\n' },
    message: 'it holds more than one document',
    place: 'h.yml:3:1',
  },
  'a list of hosts in YAML': {
    files: { 'h.yml': 'web:\n  hosts:\n    - a\n' },
    message: 'Cannot read hosts "web": it is a list, not a mapping',
    place: 'h.yml:2:3',
    hint: 'Write each name with a colon behind it in place of a dash before it',
  },
  'an unknown key of a group': {
    files: { 'h.yml': 'web:\n  host:\n    a:\n' },
    message: 'Cannot read key "host": group "web" can have hosts, children and vars',
    place: 'h.yml:2:3',
  },
  'a top that is no mapping': {
    files: { 'h.yml': '- a\n' },
    message: 'it is a list',
    place: 'h.yml:1:1',
  },
  'a group whose name is a boolean': {
    files: { 'h.yml': 'all:\n  children:\n    no:\n      hosts:\n        a:\n' },
    message: 'its name is not a string',
    place: 'h.yml:3:5',
  },
  'a plugin configuration': {
    files: { 'h.yml': 'plugin: aws_ec2\n' },
    message: 'inventory plugin',
    place: 'h.yml:1:1',
  },
  'variables that are no mapping': {
    files: { 'h.yml': 'web:\n  hosts:\n    a: 5\n' },
    message: 'Cannot read host "a": it is a scalar, not a mapping',
    place: 'h.yml:3:5',
  },
  'a bad range in YAML': {
    files: { 'h.yml': 'web:\n  hosts:\n    a[1:]:\n' },
    message: 'Cannot read host "a[1:]": the range "[1:]" has no end',
    place: 'h.yml:3:5',
  },
  'a circle of groups in YAML': {
    files: { 'h.yml': 'a:\n  children:\n    b:\n      children:\n        a:\n' },
    message: 'the groups would form a circle',
    place: 'h.yml:5:9',
    hint: 'The circle is a > b > a',
  },
  'an unknown tag': {
    files: { 'h.yml': 'all:\n  vars:\n    a: !env HOME\n' },
    message: 'unknown scalar tag !<!env>',
    place: 'h.yml:3:8',
  },
  'an undeclared child in INI': {
    files: { h: '[a]\nx\n[p:children]\na\nb\n' },
    message: 'Cannot read group "b": it is not declared',
    place: 'h:5',
    hint: 'Add a section [b], or take it out of [p:children]',
  },
  'variables of an undeclared group in INI': {
    files: { h: 'x\n[a:vars]\nk=v\n' },
    message: 'Cannot read group "a": it is not declared',
    place: 'h:2',
  },
  'a bad range in INI': {
    files: { h: '[a]\n\nx[3:1]\n' },
    message: 'runs backwards',
    place: 'h:3',
  },
  'a variable line without a value': {
    files: { h: '[all:vars]\n; comment\nkey\n' },
    message: 'Cannot read variable "***": it is not of the form name=value',
    place: 'h:3',
  },
  'a host variable without a value': {
    files: { h: 'x key\n' },
    message: 'Cannot read host variable "***"',
    place: 'h:1',
  },
  'an unknown section': {
    files: { h: '[a:hosts2]\n' },
    message: 'only :children and :vars',
    place: 'h:1',
  },
  'a section with a space': {
    files: { h: '[a b]\n' },
    message: 'Cannot read section "[a b]"',
    place: 'h:1',
  },
  'a quotation that is not closed': {
    files: { h: 'x a="b\n' },
    message: 'Cannot read host line "x a=***": a quotation is not closed',
    place: 'h:1',
  },
  'a host with an empty port': {
    files: { h: 'x:\n', 'y.ini': 'x:\n' },
    source: 'y.ini',
    message: 'a port is missing',
    place: 'y.ini:1',
  },
  'a port that an earlier mention lacks': {
    files: { h: 'x\n[a]\nx:22\n' },
    message: 'Cannot use port "22" of host "x"',
    place: 'h:3',
  },
  'a circle of groups in INI': {
    files: { h: '[a:children]\nb\n[b:children]\na\n' },
    message: 'circle',
    place: 'h:4',
  },
  'all as a child': { files: { h: '[a:children]\nall\n' }, message: 'circle', place: 'h:2' },
  'a priority that is no number': {
    files: { h: '[a]\nx\n[a:vars]\nansible_group_priority=high\n' },
    code: 'VARIABLE_INVALID',
    message: 'priority',
    place: 'h:4',
  },
  'a script': {
    files: { 'h.sh': '#!/bin/sh\necho {}\n' },
    message: 'executable script',
    place: 'h.sh:1',
  },
  TOML: { files: { 'h.toml': '[a]\n' }, message: 'TOML', place: 'h.toml' },
  'bytes that are no UTF-8': { files: { h: 'latin1' }, message: 'it is not UTF-8', place: 'h' },
  'a Jinja expression in INI': {
    files: { h: 'x a="{{ b | upper }}"\n' },
    code: 'VARIABLE_INVALID',
    message: 'Cannot use the value of "a": it holds a Jinja expression',
    place: 'h:1',
  },
  'a Jinja expression in group_vars': {
    files: { h: 'x\n', 'group_vars/all.yml': 'a:\n  b:\n    - ok\n    - "{{ c + 1 }}"\n' },
    code: 'VARIABLE_INVALID',
    message: 'it holds a Jinja expression',
    place: 'group_vars/all.yml:4:7',
  },
  'group_vars that are a list': {
    files: { h: 'x\n', 'group_vars/all.yml': '- a\n' },
    code: 'VARIABLE_INVALID',
    message: 'its top is not a mapping',
    place: 'group_vars/all.yml:1:1',
  },
  'group_vars that do not parse': {
    files: { h: 'x\n', 'group_vars/all.yml': 'a: [\n' },
    code: 'VARIABLE_INVALID',
    message: /^Cannot read variables /,
    place: 'group_vars/all.yml:2:1',
  },
  'a priority in group_vars': {
    files: { h: '[g]\nx\n', 'group_vars/g.yml': 'a: 1\nansible_group_priority: 5\n' },
    code: 'VARIABLE_INVALID',
    message: 'it has no effect in group_vars',
    place: 'group_vars/g.yml:2:1',
  },
  'a vault that is damaged': {
    files: {
      h: 'x\n',
      'group_vars/all.yml': `a: 1\nb: !vault |\n  ${vault.replaceAll('\n', '\n  ')}\n`,
    },
    code: 'VAULT_INVALID',
    message: 'its body does not hold a salt, a checksum and a text',
    place: 'group_vars/all.yml:2:1',
    password: 'x',
  },
  'a vault without a password': {
    files: { h: 'x\n', 'host_vars/x': vault },
    code: 'VAULT_INVALID',
    message: 'no vault password was given',
    place: 'host_vars/x:1',
    hint: 'Give --vault-password-file, or set HOSTWRIGHT_VAULT_PASSWORD',
  },
  'a module that throws': {
    files: {
      'h.ts':
        "const fail = (): never => {\n  throw new Error('out of order')\n}\n\nexport default { load: fail }\n",
    },
    message: 'out of order',
    place: 'h.ts:2:9',
  },
  'a module without a default export': {
    files: { 'h.ts': 'export const hosts = {}\n' },
    message: 'it has no default export',
    place: 'h.ts',
  },
  'a module of another shape': {
    files: { 'h.ts': 'export default { groups: { web: { hosts: 5 } } }\n' },
    message: '"groups.web.hosts" is 5',
    place: 'h.ts',
  },
  'a module with a key too many': {
    files: { 'h.ts': 'export default { host: {} }\n' },
    message: '"host"',
    place: 'h.ts',
  },
  'a module with an undeclared child': {
    files: { 'h.ts': "export default { groups: { a: { children: ['b'] } } }\n" },
    message: 'Cannot read group "b": it is not declared',
    place: 'h.ts',
  },
  'a module with a range': {
    files: { 'h.mjs': "export default { hosts: { 'a[1:2]': {} } }\n" },
    message: 'no ranges',
    place: 'h.mjs',
  },
  'a source that is not there': {
    files: { h: '' },
    source: 'nowhere',
    message: 'there is no such file or directory',
  },
  'a range in a list of hosts': {
    files: { h: '' },
    source: 'a[1:2],',
    message: 'a list of hosts has no ranges',
  },
}

for (const [name, test] of Object.entries(cases)) {
  t.test(`loadInventory() refuses ${name}`, async (t) => {
    const root = t.testdir(nest(test.files))
    const source = test.source ?? Object.keys(test.files)[0] ?? ''
    const { password } = test
    const load = loadInventory({
      sources: [source.includes(',') ? source : join(root, source)],
      ...(password !== undefined && { vaultPassword: () => Promise.resolve(password) }),
    })
    const error = await load.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof HostwrightError)) return void t.fail('it was not refused', { error })
    t.equal(error.code, test.code ?? 'INVENTORY_INVALID')
    t.match(error.message, test.message)
    t.match(error.message, /^Cannot [a-z]+ [^:]*(?:"[^"]*")?: ?[^:]/, 'the grammar of messages')
    t.notMatch(error.message, /\.$|n't\b/, 'no full stop, no contraction')
    const { place } = error
    if (test.place !== undefined)
      t.equal(
        [relative(root, place?.file ?? ''), place?.line, place?.column]
          .filter((part) => part !== undefined)
          .join(':'),
        test.place,
      )
    if (test.hint !== undefined) t.equal(error.hint, test.hint)
  })
}

t.test('an encrypted file is not quoted in the error for its YAML', async (t) => {
  const { encryptVault } = await import('../../lib/inventory/index.js')
  const root = t.testdir({
    h: 'x\n',
    group_vars: { all: encryptVault('password: *Hunter2\n', 'pw') },
  })
  await t.rejects(
    loadInventory({ sources: [join(root, 'h')], vaultPassword: () => Promise.resolve('pw') }),
    { code: 'VARIABLE_INVALID', message: /its text is not valid YAML$/ },
  )
})

t.test('an encrypted INI inventory is not quoted in the errors for its lines', async (t) => {
  const { encryptVault } = await import('../../lib/inventory/index.js')
  for (const [text, message] of [
    ['[all:vars]\nhunter2\n', 'Cannot read variable "***": it is not of the form name=value'],
    [
      'x ansible_password= hunter2\n',
      'Cannot read host variable "***": it is not of the form name=value',
    ],
    ["x hunter2'\n", 'Cannot read host line "***": a quotation is not closed'],
    ['[all:children]\nhunter 2\n', 'Cannot read group name "***": it holds a space'],
  ] as const) {
    const root = t.testdir({ h: encryptVault(text, 'pw') })
    await t.rejects(
      loadInventory({ sources: [join(root, 'h')], vaultPassword: () => Promise.resolve('pw') }),
      { code: 'INVENTORY_INVALID', message },
    )
  }
})

t.test('the wrong vault password is told with file and line', async (t) => {
  const { encryptVault } = await import('../../lib/inventory/index.js')
  const root = t.testdir({ h: 'x\n', host_vars: { 'x.yml': encryptVault('a: 1\n', 'pw') } })
  await t.rejects(
    loadInventory({ sources: [join(root, 'h')], vaultPassword: () => Promise.resolve('other') }),
    {
      code: 'VAULT_INVALID',
      message: /the password is wrong/,
      place: { file: join(root, 'host_vars/x.yml'), line: 1 },
    },
  )
})

t.test('parseExtraVars() refuses what it cannot read', async (t) => {
  const root = t.testdir({ 'x.yml': 'a: [\n', 'list.yml': '- a\n' })
  const refusals: readonly (readonly [value: string, code: string, message: RegExp])[] = [
    ['a', 'USAGE_INVALID', /"a": it is not of the form name=value/],
    ['password=my hunter2', 'USAGE_INVALID', /"\*\*\*": word 2 is not of the form name=value/],
    ['=1', 'USAGE_INVALID', /not of the form/],
    ['a="b', 'USAGE_INVALID', /"a=\*\*\*": a quotation is not closed/],
    ['/etc/vars.yml', 'USAGE_INVALID', /it looks like a file/],
    ['[1]', 'USAGE_INVALID', /it is a list/],
    ['{"a": }}', 'VARIABLE_INVALID', /Cannot read variables "--extra-vars"/],
    ['a={{ b + 1 }}', 'VARIABLE_INVALID', /Jinja/],
    ["a='{{ b }} x'", 'VARIABLE_INVALID', /Jinja/],
    ['{"a": "{{ b }}c"}', 'VARIABLE_INVALID', /Jinja/],
    ['@nowhere.yml', 'VARIABLE_INVALID', /there is no such file/],
    [`@${root}/x.yml`, 'VARIABLE_INVALID', /Cannot read variables/],
    [`@${root}/list.yml`, 'VARIABLE_INVALID', /its top is not a mapping/],
  ]
  for (const [value, code, message] of refusals)
    await t.rejects(parseExtraVars([value]), { code, message }, value)
})

/** `a/b` becomes a folder in a folder, and the one text that stands for bytes becomes bytes. */
function nest(files: Readonly<Record<string, string>>) {
  const root: Record<string, string | Buffer | Record<string, string>> = {}
  for (const [name, text] of Object.entries(files)) {
    const [folder = '', file] = name.split('/')
    if (file !== undefined) root[folder] = { [file]: text }
    else root[name] = text === 'latin1' ? Buffer.from('é\n', 'latin1') : text
  }
  return root
}
