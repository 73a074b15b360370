import { spawnSync } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import * as v from 'valibot'
import { secretParam } from '../../lib/core/schema.js'
import { parameterTable } from '../../lib/cli/parameter-table.js'
import { describeParameters } from '../../lib/cli/describe-schema.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'lib/cli/hostwright.mjs')

function doc(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'doc', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

t.test('describeParameters() tells types and what is left out', async (t) => {
  const cases = [
    [v.string(), 'text', 'required'],
    [v.pipe(v.string(), v.nonEmpty()), 'text', 'required'],
    [v.optional(v.number()), 'number', 'optional'],
    [v.optional(v.number(), 3306), 'number', 'default 3306'],
    [v.optional(v.array(v.string()), ['a']), 'list of text', 'default ["a"]'],
    [v.record(v.string(), v.boolean()), 'mapping of boolean', 'required'],
    [v.picklist(['gtid', 'position']), '"gtid" or "position"', 'required'],
    [v.union([v.string(), v.number()]), 'text or number', 'required'],
    [v.array(v.union([v.string(), v.number()])), 'list of (text or number)', 'required'],
    [v.array(v.object({ a: v.picklist(['b', 'c']) })), 'list of { a: "b" or "c" }', 'required'],
    [v.union([v.array(v.string()), v.number()]), 'number or list of text', 'required'],
    [v.literal('all'), '"all"', 'required'],
    [secretParam(), 'secret', 'required'],
    [v.optional(secretParam()), 'secret', 'optional'],
    [v.union([v.number(), v.string(), secretParam()]), 'number or secret', 'required'],
    [
      v.object({ ca: v.string(), key: v.optional(v.string()) }),
      '{ ca: text, key?: text }',
      'required',
    ],
  ] as const
  for (const [schema, type, fallback] of cases)
    t.match(describeParameters({ one: schema }), [{ name: 'one', type, fallback }])
  t.match(describeParameters({ one: v.optional(v.pipe(v.string(), v.description('a word'))) }), [
    { description: 'a word' },
  ])
})

const own = `import * as v from '${import.meta.resolve('valibot')}'
const params = v.object({ port: v.number(), upstream: v.string() })
const definition = { name: 'own', params, fromPlaybook: ['upstream'], returns: 'where it answers' }
export const role = Object.assign(() => undefined, { definition })
`

t.test('parameterTable() keeps to the width of a terminal', async (t) => {
  const type = `{ ${Array.from({ length: 20 }, (_, at) => `field${at}: text`).join(', ')} } or { one: text }`
  const description = 'many words '.repeat(20).trim()
  const lines = parameterTable([
    { name: 'one', type: 'text', fallback: 'optional', description: undefined },
    { name: 'two', type, fallback: 'required', description },
  ])
  t.same(lines.slice(0, 2), ['  one  text      optional', '  two  as below  required'])
  t.ok(
    lines.every(({ length }) => length <= 100),
    lines.join('\n'),
  )
  const below = lines.slice(2).map((line) => line.trim())
  t.equal(below.join(' '), `${description} ${type}`)
  t.ok(below.filter((line) => line.includes('field')).every((line) => /[,}]$/.test(line)))
})

t.test('hostwright doc prints what a role takes and gives', async (t) => {
  const { status, stdout, stderr } = doc('mariadb_master_master')
  t.equal(status, 0, stderr)
  for (const line of [
    /^Role mariadb_master_master$/m,
    /^ {2}replicationPassword +secret +required$/m,
    /^ {2}port +number +default 3306\n +At which port it listens$/m,
    /^Families: +debian, redhat$/m,
    /^Facts published: mariadb_master_master\.state, /m,
  ])
    t.match(stdout, line)
  t.match(doc('epel'), {
    status: 0,
    stdout: /It takes no parameters\.\n\nFamilies: +debian, redhat\n/,
  })
  t.match(doc('cluster_hosts').stdout, /^Families: +any$/m)
  t.match(doc('cluster_hosts').stdout, /^Read more in roles\/cluster_hosts\/README\.md$/m)
  t.notMatch(doc('cluster_hosts').stdout, 'Returns:', 'where the role does not say')
  const checks = doc(join(root, 'roles/mariadb_master_master/verify.ts')).stdout
  t.equal(checks.match(/^Returns: +the checks, each with its result$/gm)?.length, 2)
  const file = join(t.testdir({ 'own.mjs': own }), 'own.mjs')
  t.match(doc(file).stdout, /^Returns: +where it answers$/m)
  t.match(doc(file).stdout, /^ {2}port +number +required\n {2}upstream +text +from the playbook$/m)
})

t.test(
  'hostwright doc finds a role of the package in a folder whose name has a space',
  async (t) => {
    const checkout = join(t.testdir({ 'a b': {} }), 'a b')
    for (const name of ['lib', 'roles', 'package.json'])
      cpSync(join(root, name), join(checkout, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
    const moved = join(checkout, 'lib/cli/hostwright.mjs')
    const { stdout, stderr } = spawnSync(process.execPath, [moved, 'doc', 'epel'], {
      encoding: 'utf8',
    })
    t.match(stdout, /^Role epel$/m, stderr)
  },
)

t.test('hostwright doc refuses what is no role', async (t) => {
  for (const [args, message] of [
    [[], 'Cannot describe a role: name one'],
    [['nginx'], 'Cannot find role "nginx": there is none'],
    [[bin.replace('hostwright.mjs', 'version.ts')], /Cannot describe ".*": it exports no role/],
  ] as const)
    t.match(doc(...args), { status: 1, stdout: '', stderr: message })
  t.match(doc('nginx').stderr, /^ {2}hint: .*Hostwright's own: acme2certifier_django, /m)
  t.notMatch(doc('nginx').stderr, 'Require stack')
  t.match(doc('lsyncd').stderr, /^ {2}hint: Did you mean lsyncd_peer\? Name its folder, /m)
})
