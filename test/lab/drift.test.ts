import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { createSeen, fingerprinter, judge, type DriftRecord } from '../../lib/drift/index.js'
import type { HostwrightEvent } from '../../lib/report/events.js'
import { drifting, plants } from '../fixtures/drifting.js'
import { lab } from '../fixtures/inventories/drift/hosts.js'
import { useReceiver } from '../fixtures/receiver.js'
import { tempFolder, testRun } from '../fixtures/run.js'
import { on as onHost } from '../fixtures/on-host.js'

const exec = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
/** A plain file: a lab would wait for a host that is down. */
let inventory = ''
const all = process.env['HOSTWRIGHT_TEST'] === 'all'
const names = Array.from(
  { length: all ? 20 : 3 },
  (_, at) => `node${String(at + 1).padStart(2, '0')}`,
)

t.teardown(async () => await lab.down())

t.before(async () => {
  await lab.down()
  await lab.up()
  await writeInventory()
})

async function writeInventory(): Promise<void> {
  const { hosts } = await lab.load()
  inventory = join(await tempFolder(t), 'hosts.yml')
  await writeFile(inventory, JSON.stringify({ all: { hosts } }))
}

async function on(host: string, command: string): Promise<string> {
  return await onHost(lab, host, command)
}

/** What has changed on a host since it was marked, but for what it writes by itself. */
async function changedSince(host: string): Promise<string> {
  return await on(
    host,
    'find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/log -o -path /var/lib/systemd -o -path /var/lib/private \\) -prune -o -newercm /run/mark ! -type d -print',
  )
}

/** Runs the command with JSON events. */
async function hostwright(
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const args = [`${root}lib/cli/hostwright.mjs`, ...words, '-i', inventory, '--output', 'json']
  const options = {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      ...env,
      ...(all && { HOSTWRIGHT_TEST: 'all' }),
    },
    maxBuffer: 1e9,
  }
  const { code, stdout, stderr } = await exec(process.execPath, args, options).then(
    (done) => ({ ...done, code: 0 }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HostwrightEvent)
  const records = events.flatMap((event) => (event.type === 'drift' ? [event.record] : []))
  return { code, stderr, events, record: records.at(-1) }
}

function found(record: DriftRecord | undefined): readonly string[] {
  const findings = record?.findings ?? []
  return findings
    .map(
      ({ host, task, property, state, side }) => `${host} ${task}: ${property}: ${state} ${side}`,
    )
    .toSorted()
}

t.test('drift on lab hosts', async (t) => {
  const cwd = await tempFolder(t)
  const book = `${root}test/fixtures/playbooks/drifting.ts`
  const { url, received } = await useReceiver(t)
  const check = async (more: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    await hostwright(cwd, ['drift', book, ...more], { HOSTWRIGHT_NOTIFY_WEBHOOK: url, ...env })

  await t.test('converged: none, and nothing is written', async (t) => {
    const { code, stderr } = await hostwright(cwd, ['run', book])
    t.equal(code, 0, stderr)
    for (const name of names) await on(name, 'sleep 1; touch /run/mark')
    const clean = await check()
    t.equal(clean.code, 0, `${clean.stderr} ${JSON.stringify(clean.record)}`)
    t.same(found(clean.record), [])
    for (const name of names) {
      t.match(clean.record?.hosts[name], { state: 'clean', tasks: { drifting: 10 } })
      t.equal(await changedSince(name), '', name)
    }
    t.equal(received.length, 0)
  })

  await t.test('what was done by hand is found, all of it and nothing else', async (t) => {
    for (const [at, { by }] of plants.entries()) await on(names[at % 3]!, by)
    const expected = plants.map(({ found: what }, at) => `${names[at % 3]} ${what}: new host`)
    const first = await check(['--report', 'drift.prom'])
    t.equal(first.code, 2, first.stderr)
    t.same(found(first.record), expected.toSorted())
    const of = (task: string) => first.record?.findings.find((one) => one.task.startsWith(task))
    t.match(of('file /etc/drift.text'), {
      before: 'as it should be\nby hand\n',
      evidence: [/^modified .* owned by root/],
    })
    t.match(of('packages'), { evidence: [/ install hello:/, / remove hello:/] })
    t.match(of('service'), { evidence: [/^inactive since /] })
    t.equal(received.length, 1)
    const second = await check()
    t.same(found(second.record), expected.map((one) => one.replace('new', 'continuing')).toSorted())
    t.equal(received.length, 1, 'told once')
  })

  await t.test('another playbook is told from another host', async (t) => {
    const { record } = await check(['--limit', names[0]!], { MORE: 'more\n' })
    const more = found(record).filter((one) => one.includes('drift.more'))
    t.same(more, [`${names[0]} file /etc/drift.more: content: new code`])
  })

  await t.test('--remediate makes so what has drifted', async (t) => {
    const marked = 'touch /etc/drift.mine; echo mine >/etc/drift.mine'
    await on(names[0]!, marked)
    const { code, stderr, events, record } = await check(['--remediate'])
    t.equal(code, 0, `${stderr} ${JSON.stringify(record?.findings)}`)
    t.ok(found(record).length >= plants.length)
    t.ok(
      found(record).every((one) => one.includes(': resolved ')),
      found(record).join('\n'),
    )
    const made = events.filter(
      (event) =>
        event.type === 'task' &&
        event.status === 'changed' &&
        event.handler !== true &&
        event.wish === undefined,
    )
    t.equal(made.length, plants.length)
    t.equal(await on(names[0]!, 'cat /etc/drift.mine'), 'mine')
    t.match(received.at(-1)?.body, { resolved: { length: plants.length } })
  })

  const [lost = '', ...others] = names.toReversed()
  const finding = 'file /etc/drift.text: content'

  await t.test('a host that goes down during a check is unknown, the others are not', async (t) => {
    await on(others[0]!, plants[0]!.by)
    await on(lost, plants[0]!.by)
    const reports = ['--report', 'lost.html', '--report', 'lost.md']
    const { code, record } = await check(reports, { LOST: lost })
    t.equal(code, 1)
    t.match(record?.hosts[lost], { state: 'unknown', reason: /./, tasks: { drifting: 10 } })
    t.equal(record?.hosts[others[0]!]?.state, 'drift')
    for (const name of others.slice(1))
      t.match(record?.hosts[name], { state: 'clean', tasks: { drifting: 10 } })
    const what = [others[0], lost].map((name) => `${name} ${finding}: new host`)
    t.same(found(record), what, 'what was looked at before is told')
    const [html, markdown] = await Promise.all(
      ['lost.html', 'lost.md'].map(async (name) => await readFile(join(cwd, name), 'utf8')),
    )
    t.match(html, `"name":"${lost}","state":"unknown","reason":"`)
    t.match(markdown, /; 1 host unknown \(checked /)
    t.match(markdown, `| unknown host | why |\n|---|---|\n| ${lost} | `)
  })

  await t.test('a host down is unknown, and the others are looked at', async (t) => {
    const { code, record } = await check()
    t.equal(code, 1)
    t.match(record?.hosts[lost], { state: 'unknown', reason: /./, tasks: {} })
    for (const name of others.slice(1)) t.equal(record?.hosts[name]?.state, 'clean')
    t.same(found(record), [`${others[0]} ${finding}: continuing host`])
    t.match(record?.unseen, [{ host: lost, task: 'file /etc/drift.text' }])
  })
})

/** A generator that gives the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

t.test(
  'drift planted at random is found exactly',
  { skip: !all && 'only with HOSTWRIGHT_TEST=all' },
  async (t) => {
    await lab.reset()
    await writeInventory()
    const fingerprint = fingerprinter(Buffer.from('salt'))
    const body = async (mode: 'run' | 'check') =>
      await testRun({ inventory, mode, fingerprint }, async (play) => {
        await play('p', { hosts: 'all', become: true }, async (host) => await drifting(host))
      })
    const records: DriftRecord[] = []
    const look = async () => {
      const seen = createSeen()
      const { events, run } = await body('check')
      for (const event of events) seen.event(event)
      const time = new Date().toISOString()
      const about = { run: run.id, playbook: 'p', time, duration: 0, roundTrips: run.roundTrips() }
      records.unshift(judge(seen, records, about))
      return records[0]
    }
    await body('run')
    t.same(found(await look()), [])
    for (let seed = 1; seed <= 10; seed += 1) {
      const next = random(seed)
      const planted = names.flatMap((name) =>
        plants.filter(() => next() < 0.2).map((plant) => ({ name, ...plant })),
      )
      await Promise.all(
        names.map(async (name) => {
          for (const { by } of planted.filter((one) => one.name === name)) await on(name, by)
        }),
      )
      const record = await look()
      t.equal(record?.exitCode, 2)
      t.same(
        found(record).map((one) => one.replace(/(new|returned) host$/, 'found')),
        planted.map(({ name, found: what }) => `${name} ${what}: found`).toSorted(),
        `seed ${seed}: ${planted.length} planted`,
      )
      await body('run')
      const mended = found(await look())
      t.equal(mended.filter((one) => one.includes(': resolved ')).length, planted.length)
      t.equal(mended.length, planted.length)
    }
  },
)
