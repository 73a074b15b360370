import { PassThrough } from 'node:stream'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { reportTo, type DriftRecord } from '../../lib/drift/index.js'
import { consoleReporter, createEventStream } from '../../lib/report/index.js'
import { driftSummary } from '../../lib/report/drift-summary.js'
import { schemaFaults, type Schema } from '../fixtures/json-schema.js'
import { tempFolder } from '../fixtures/run.js'
import { isWellFormed } from '../fixtures/xml.js'

const hostile = '<script>|`x`\u001b[31m\n"\\ ]]> & ```'
const common = {
  host: 'c1',
  property: 'content',
  from: '3 bytes',
  to: '4 bytes',
  since: '2026-03-01T12:00:00.000Z',
} as const
const record: DriftRecord = {
  version: 1,
  run: '20260302T120000-4f1a3b',
  playbook: `site "${hostile}`,
  inventory: ['inventories/lab'],
  inventoryHosts: ['c1', 'c2', 'c3', 'c4'],
  time: '2026-03-02T12:00:00.000Z',
  duration: 1234,
  exitCode: 1,
  hosts: {
    c1: { state: 'drift', roundTrips: 3, tasks: { base: 12, [hostile]: 1, '': 2 } },
    c2: {
      state: 'unknown',
      reason: `Cannot reach "${hostile}"`,
      partial: true,
      roundTrips: 0,
      tasks: {},
    },
    c3: { state: 'clean', partial: true, roundTrips: 2, tasks: { base: 12, left: 4 } },
  },
  findings: [
    {
      ...common,
      id: 'c1 / base: file /etc/motd / content',
      role: 'base',
      task: 'file /etc/motd',
      before: 'old ```\nsame\n',
      after: 'new\nsame\n',
      state: 'new',
      side: 'host',
      place: { file: '/srv/site/roles/base/index.ts', line: 31, column: 5 },
      evidence: ['modified 2026-03-02 11:00:00 UTC, owned by root', hostile],
    },
    { ...common, id: 'c1 / x', task: hostile, from: hostile, state: 'continuing', side: 'code' },
    {
      ...common,
      id: 'c1 / y',
      task: 'user y',
      before: '***',
      after: '***',
      state: 'returned',
      side: 'both',
    },
    {
      ...common,
      id: 'c3 / z',
      host: 'c3',
      role: 'base',
      task: 'service z',
      state: 'resolved',
      side: 'unknown',
    },
  ],
  unseen: [
    { ...common, id: 'c2 / u', host: 'c2', task: 'file /u', state: 'new', side: 'host' },
    {
      ...common,
      id: 'c3 / v',
      host: 'c3',
      role: 'left',
      task: 'file /v',
      before: 'old\n',
      after: 'new\n',
      state: 'continuing',
      side: 'host',
    },
  ],
  fingerprints: { c1: { 'base: file /etc/motd': { wish: '00ff', state: '00ff00ff' } } },
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const schema = JSON.parse(read('docs/drift.schema.json')) as Schema

t.test('docs/drift.schema.json', async (t) => {
  await t.test('has a name, and is in the package', async (t) => {
    t.match(schema.$id, /^urn:[a-z]+:\S+:1$/)
    const { exports, files } = JSON.parse(read('package.json')) as {
      readonly exports: Readonly<Record<string, unknown>>
      readonly files: readonly string[]
    }
    t.equal(exports['./drift.schema.json'], './docs/drift.schema.json')
    t.ok(files.includes('docs/drift.schema.json'))
  })
  await t.test('describes a record that has every field', async (t) => {
    t.same(schemaFaults({ ...record, failure: 'it was stopped' }, schema), [])
  })
  await t.test('describes the fields of lib/drift/types.ts, and none else', async (t) => {
    const file = ts.createSourceFile(
      't.ts',
      read('lib/drift/types.ts'),
      ts.ScriptTarget.Latest,
      true,
    )
    const shapes = new Map([
      ['DriftRecord', schema],
      ...(['host', 'finding', 'fingerprint'] as const).map(
        (name) => [`Drift${name}`, schema.$defs?.[name]] as const,
      ),
    ])
    const names = {
      DriftHost: 'Drifthost',
      Finding: 'Driftfinding',
      Fingerprint: 'Driftfingerprint',
    }
    let compared = 0
    for (const node of file.statements.filter(ts.isInterfaceDeclaration)) {
      const shape = shapes.get(names[node.name.text as keyof typeof names] ?? node.name.text)
      const members = node.members.filter(ts.isPropertySignature)
      const fields = members.map((member) => member.name.getText())
      const required = members.filter((one) => !one.questionToken).map((one) => one.name.getText())
      t.same(Object.keys(shape?.properties ?? {}).toSorted(), fields.toSorted(), node.name.text)
      t.same(shape?.required?.toSorted(), required.toSorted(), `${node.name.text} requires`)
      compared += 1
    }
    t.equal(compared, 4)
  })
  await t.test('tells what is wrong', async (t) => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ exitCode: 4 }, '$.exitCode'],
      [{ time: '2026' }, '$.time'],
      [{ hosts: { a: { state: 'fine', roundTrips: 1, tasks: {} } } }, '$.hosts.a.state'],
      [{ findings: [{ ...record.findings[0], side: 'left' }] }, '$.findings[0].side'],
      [{ more: 1 }, '$.more'],
    ]
    for (const [change, at] of wrong)
      t.match(schemaFaults({ ...record, ...change }, schema), [
        new RegExp(`^\\${at}: `.replace('[0]', '\\[0\\]')),
      ])
  })
})

t.test('reportTo()', async (t) => {
  const folder = await tempFolder(t)
  const made = async (ending: string) => {
    const file = join(folder, `report.${ending}`)
    await reportTo(file)(record, [record])
    return readFileSync(file, 'utf8')
  }

  await t.test('.json is the record', async (t) => {
    t.same(JSON.parse(await made('json')), record)
  })

  await t.test('.md is a table whose cells hold nothing but text', async (t) => {
    const text = await made('md')
    t.match(text, /^## Drift: site .*&#40;inventories\/lab&#41;$/m)
    t.match(
      text,
      '3 findings on 1 of 3 hosts: 1 new, 1 returned, 1 continuing, 1 resolved; 1 host unknown; 2 earlier findings not looked at',
    )
    const rows = text.split('\n').filter((line) => line.startsWith('| '))
    t.same(
      rows.map((row) => row.replaceAll(/&#\d+;/g, '').split('|').length - 2),
      [2, 2, 6, 6, 6, 6, 6, 3, 3, 3],
    )
    t.match(
      text,
      '| c1 | base: file /etc/motd | content: 3 bytes → 4 bytes | new | host |'.replace(
        '_',
        '&#95;',
      ),
    )
    t.match(text, 'differs only in what is secret')
    t.notMatch(text, '<script>')
    t.notMatch(text, '\u001b')
    t.match(text, '````diff\n--- host\n+++ playbook\n@@ -1,2 +1,2 @@\n-old ```\n+new\n same\n````')
    t.equal((text.match(/<details>/g) ?? []).length, (text.match(/<\/details>/g) ?? []).length)
  })

  await t.test('.prom has metrics with a series for each role, state and host count', async (t) => {
    const text = await made('prom')
    t.match(text, `",inventory="inventories/lab",state="clean"} 1\n`)
    const label = '[a-z]+="(?:[^"\\\\\\n]|\\\\.)*"'
    const line = new RegExp(`^hostwright_drift_[a-z_]+\\{${label}(?:,${label})*\\} [0-9.]+$`)
    const samples = text
      .trimEnd()
      .split('\n')
      .filter((one) => !one.startsWith('# '))
    for (const sample of samples) t.match(sample, line)
    const value = (name: string) =>
      samples
        .find((sample) => sample.includes(name))
        ?.split(' ')
        .at(-1)
    t.equal(value('last_run_timestamp_seconds'), String(Date.parse(record.time) / 1000))
    t.equal(value('duration_seconds'), '1.234')
    t.equal(value('exit_code'), '1')
    for (const state of ['clean', 'drift', 'unknown']) t.equal(value(`state="${state}"`), '1')
    t.equal(value('role="base"'), '1')
    t.equal(value('role=""'), '3', 'what was not looked at stays open')
    t.equal(value('unseen_findings'), '2')
    t.equal(value('role="<script>'), '0', 'a role without findings has its series too')
    t.ok(text.endsWith('\n'))
  })

  await t.test('.prom keeps what is of other inventories and playbooks', async (t) => {
    const file = join(folder, 'shared.prom')
    const plain = { ...record, playbook: 'site' }
    const of = async (one: DriftRecord) => await reportTo(file)(one, [one])
    const old = 'hostwright_drift_exit_code{playbook="site"} 2\n'
    writeFileSync(file, old)
    const others = [
      { ...plain, inventory: ['inventories/production'] },
      { ...plain, inventory: ['lab', 'more'] },
      { ...plain, playbook: 'site",inventory="inventories/lab' },
    ]
    // Also at the same time.
    await Promise.all([plain, ...others].map(of))
    await of({ ...plain, exitCode: 0 })
    const text = readFileSync(file, 'utf8')
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const series = samples.map((line) => line.replace(/ \S+$/, ''))
    t.equal(new Set(series).size, series.length, 'no two series are equal')
    const exits = samples.filter((line) => line.startsWith('hostwright_drift_exit_code'))
    t.same(exits.toSorted(), [
      'hostwright_drift_exit_code{playbook="site",inventory="inventories/lab"} 0',
      'hostwright_drift_exit_code{playbook="site",inventory="inventories/production"} 1',
      'hostwright_drift_exit_code{playbook="site",inventory="lab, more"} 1',
      String.raw`hostwright_drift_exit_code{playbook="site\",inventory=\"inventories/lab",inventory="inventories/lab"} 1`,
    ])
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    t.equal(new Set(names).size, names.length, 'each metric is described once')
    for (const name of names) {
      const at = samples.flatMap((line, place) => (line.startsWith(`${name}{`) ? [place] : []))
      t.equal(at.at(-1)! - at[0]!, at.length - 1, `${name} stands together`)
    }
    rmSync(file)
  })

  await t.test('.xml is JUnit', async (t) => {
    const text = await made('xml')
    t.ok(isWellFormed(text), text)
    t.match(
      text,
      /<testsuites name="site [^>]*\(inventories\/lab\)" tests="8" failures="3" errors="1" skipped="2"/,
    )
    t.match(text, /<testcase name="file \/etc\/motd: content" classname="c1\.base"/)
    t.match(text, 'content: 3 bytes → 4 bytes (new since 2026-03-01T12:00:00.000Z, changed: host)')
    t.match(text, /<testcase name="the host" classname="c2"[^>]*><error message="Cannot reach/)
    t.match(text, /<testcase name="12 tasks" classname="c3\.base" time="0\.000"\/>/)
    const left = [...text.matchAll(/ classname="(c3\.left|c2)"[^>]*>(<\w+)/g)]
    t.same(
      left.map(([, name, element]) => `${name} ${element}`),
      ['c2 <error', 'c2 <skipped', 'c3.left <skipped'],
      'what was not looked at has not passed',
    )
    t.match(text, /<skipped message="not looked at; when it was last: content: 3 bytes → 4 bytes /)
  })

  await t.test('tells why the check as a whole has failed', async (t) => {
    const failed = { ...record, hosts: {}, findings: [], failure: hostile }
    const make = async (ending: string) => {
      const file = join(folder, `report.${ending}`)
      await reportTo(file)(failed, [failed])
      return readFileSync(file, 'utf8')
    }
    t.match(
      await make('md'),
      /^the check failed; 2 earlier findings not looked at \(.*\n\nThe check failed: &#60;script/m,
    )
    const xml = await make('xml')
    t.ok(isWellFormed(xml), xml)
    t.match(xml, /<testsuites [^>]* tests="3" failures="0" errors="1" skipped="2"/)
    t.match(xml, /<testcase name="the check" [^>]*><error message="&lt;script&gt;/)
    t.match(await make('prom'), /exit_code\{[^\n]*\} 1\n/)
    t.match(await make('html'), /"failure":"/)
  })

  await t.test('leaves nothing beside the reports', async (t) => {
    t.same(
      readdirSync(folder).toSorted(),
      ['html', 'json', 'md', 'prom', 'xml'].map((one) => `report.${one}`).toSorted(),
    )
    const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777
    const before = process.umask(0o077)
    try {
      for (const name of ['late.prom', 'late.md'])
        await reportTo(join(folder, name))(record, [record])
    } finally {
      process.umask(before)
    }
    t.equal(modeOf('late.prom'), 0o644, 'the exporter can read it')
    t.equal(modeOf('late.md'), 0o600)
  })
})

t.test('reportTo() refuses what could not be written', async (t) => {
  const folder = await tempFolder(t)
  mkdirSync(join(folder, 'folder.md'))
  const cases: readonly (readonly [string, RegExp])[] = [
    ['drift.pdf', /^Cannot write the report ".*": its ending ".pdf" stands for no report$/],
    ['drift', /its ending "" stands for no report$/],
    [join(folder, 'none', 'drift.md'), /its directory is not there$/],
    [join(folder, 'folder.md'), /it is no file$/],
  ]
  for (const [file, message] of cases)
    t.throws(() => reportTo(file), { code: 'USAGE_INVALID', message })
})

t.test('the console shows a table by host, and what is unknown', async (t) => {
  const stream = new PassThrough()
  const events = createEventStream([consoleReporter({ stream, tty: false, color: false })])
  events.emit({ type: 'drift', record })
  events.close()
  const lines = String(stream.read()).split('\n')
  t.match(lines, [
    '',
    'DRIFT 3 findings on 1 of 3 hosts: 1 new, 1 returned, 1 continuing, 1 resolved; 1 host unknown; 2 earlier findings not looked at',
    /^HOST  FINDING +STATE       CHANGED  SINCE$/,
    /^c1    base: file \/etc\/motd: content: 3 bytes → 4 bytes +new         host     2026-03-01 12:00$/,
    /^c1 .* continuing  code/,
    /^c1 .* returned    both/,
    /^c3 .* resolved    unknown/,
    /^unknown: \[c2\] Cannot reach/,
  ])
  t.notMatch(lines.join('\n'), '\u001b')
})

t.test('driftSummary() counts what is known', async (t) => {
  const [known, unknown] = [
    { state: 'clean', roundTrips: 1, tasks: {} },
    { state: 'unknown', roundTrips: 1, tasks: {} },
  ] as const
  const cases: readonly (readonly [Partial<DriftRecord>, string])[] = [
    [{ hosts: { a: known, b: known } }, 'none on 2 hosts'],
    [{ hosts: { a: known, b: unknown } }, 'none on 1 known host; 1 host unknown'],
    [{ hosts: { a: unknown, b: unknown } }, '2 hosts unknown'],
    [{ failure: 'why' }, 'the check failed'],
    [
      { hosts: { a: known }, unseen: record.unseen?.slice(0, 1) ?? [] },
      'none on 1 host; 1 earlier finding not looked at',
    ],
  ]
  const { unseen: _, ...plain } = record
  for (const [change, text] of cases)
    t.equal(driftSummary({ ...plain, hosts: {}, findings: [], ...change }), text)
})

t.test('the console says why the check as a whole has failed', async (t) => {
  const stream = new PassThrough()
  const events = createEventStream([consoleReporter({ stream, tty: false, color: false })])
  events.emit({ type: 'drift', record: { ...record, hosts: {}, findings: [], failure: hostile } })
  events.close()
  t.match(String(stream.read()).split('\n'), ['', /^DRIFT the check failed/, /^failed: <script>/])
})
