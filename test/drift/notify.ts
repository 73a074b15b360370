import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withLock } from '../../lib/core/lock.js'
import { secret } from '../../lib/core/secret.js'
import { mail } from '../../lib/drift/notify/mail.js'
import {
  inTurn,
  notifiersOf,
  notifyAll,
  type DriftRecord,
  type Notify,
} from '../../lib/drift/index.js'
import { checks, told } from '../fixtures/drift.js'
import { useFakeSmtp, type FakeTls } from '../fixtures/fake-smtp.js'
import { runPlaybook } from '../fixtures/playbook.js'
import { useReceiver } from '../fixtures/receiver.js'
import { tempFolder } from '../fixtures/run.js'

const down = {
  type: 'failure',
  host: 'a',
  unreachable: true,
  error: { code: 'HOST_UNREACHABLE', message: 'Cannot reach "a"' },
} as const

/** Tells of records one after the other. */
async function teller(notify: readonly Notify[], folder: string, summary?: 'daily') {
  const notes: string[] = []
  return {
    notes,
    tell: async (record: DriftRecord) =>
      await notifyAll({
        notify,
        summary,
        folder,
        record,
        fingerprint: (value) => JSON.stringify(value),
        note: (text) => void notes.push(text),
        delays: [5, 20],
      }),
  }
}

t.test('notifyAll() tells only what has changed', async (t) => {
  const folder = await tempFolder(t)
  const { url, received } = await useReceiver(t)
  const { tell, notes } = await teller([{ kind: 'webhook', url }], folder)
  const series = checks()
  const drifted = [told({ changes: ['mode'] })]
  const steps: readonly (readonly [
    string,
    Parameters<typeof series.next>[0],
    object | undefined,
  ])[] = [
    ['nothing', [told({})], undefined],
    [
      'new drift',
      drifted,
      {
        text: /^Drift of site: 1 new\n1 finding on 1 of 1 host: 1 new\n\nNew:\n- a: base: file \/x: mode: is → should \(changed: host\)$/,
        exitCode: 2,
        found: [{ id: 'a / base: file /x / mode', state: 'new' }],
        resolved: [],
      },
    ],
    ['the same drift', drifted, undefined],
    ['a host down', [down], { text: /1 unknown/, unknown: { a: 'Cannot reach "a"' }, found: [] }],
    ['the same host down', [down], undefined],
    ['the host back, with its drift', drifted, { text: /1 known again/, known: ['a'], found: [] }],
    ['resolved', [told({})], { text: /1 resolved/, resolved: ['a / base: file /x / mode'] }],
    ['nothing again', [told({})], undefined],
  ]
  for (const [name, events, expected] of steps) {
    const before = received.length
    await tell(series.next(events))
    t.equal(received.length - before, expected === undefined ? 0 : 1, name)
    if (expected) t.match(received.at(-1)?.body, { playbook: 'site', ...expected }, name)
  }
  t.same(notes, [])
  t.equal(statSync(join(folder, 'told')).mode & 0o777, 0o600)
})

t.test('notifyAll() tries again, and what was not taken is told with the next check', async (t) => {
  const folder = await tempFolder(t)
  const { url, received, answers } = await useReceiver(t, [[503], [429, 0], [200]])
  const { tell, notes } = await teller([{ kind: 'webhook', url }], folder)
  const series = checks()
  const drifted = [told({ changes: ['mode'] })]
  await tell(series.next(drifted))
  t.equal(received.length, 3, 'until it is taken')
  const [one, two, three] = received.map(({ at }) => at) as [number, number, number]
  t.ok(two - one >= 4 && three - two >= 19, 'after longer and longer')
  t.same(notes, [])
  await tell(series.next(drifted))
  t.equal(received.length, 3)

  answers.push([500], [500], [500])
  const more = [told({ changes: ['mode', 'owner'] })]
  await tell(series.next(more))
  t.equal(received.length, 6, 'not for ever')
  t.match(notes, [/by webhook, and the next check tries again: HTTP status 500$/])
  await tell(series.next(more))
  t.match(received.at(-1)?.body, { found: [{ property: 'owner', state: 'continuing' }] })

  answers.push([404])
  await tell(series.next([told({})]))
  t.equal(received.length, 8, 'what is refused is not tried again')
  t.match(notes[1], /HTTP status 404$/)
  for (const status of [301, 302, 307]) {
    answers.push([status])
    const before = received.length
    await tell(series.next([told({ changes: [`${status}`] })]))
    t.equal(received.length, before + 1, 'what leads elsewhere neither')
    t.match(notes.at(-1), new RegExp(`HTTP status ${status}$`))
  }
  await tell(series.next([told({ changes: ['307'] })]))
  t.match(received.at(-1)?.body, { found: [{ property: '307' }] }, 'it has not been told')
})

t.test('notifyAll() tells once that the check as a whole has failed', async (t) => {
  const folder = await tempFolder(t)
  const { url, received } = await useReceiver(t)
  const { tell } = await teller([{ kind: 'webhook', url }], folder)
  const series = checks([])
  const why = 'Cannot run the playbook: x'
  await tell(series.next([], why))
  t.match(received, [
    { body: { text: /^Drift of site: the check failed\n.*\n\nFailed: Cannot run/, failure: why } },
  ])
  await tell(series.next([], why))
  t.equal(received.length, 1)
  await tell(series.next([], 'another reason'))
  t.match(received[1], { body: { failure: 'another reason' } })
  await tell(checks().next([told({})]))
  t.match(received[2], { body: { text: /^Drift of site: the check works again/ } })
  t.notOk('failure' in (received[2]?.body ?? {}))
  await tell(checks().next([told({})]))
  t.equal(received.length, 3)
})

t.test(
  'of two checks that overlap one tells after the other, and once of what both have found',
  async (t) => {
    const folder = await tempFolder(t)
    const { url, received } = await useReceiver(t)
    const drifted = [told({ changes: ['mode'] })]
    const both: Notify = { kind: 'webhook', url: `${url}/both` }
    const one = await teller([both, { kind: 'webhook', url: `${url}/one` }], folder)
    const other = await teller([both, { kind: 'webhook', url: `${url}/other` }], folder)
    const [first, second] = [checks().next(drifted), checks().next(drifted)]
    const tellBoth = async () =>
      await Promise.all([
        inTurn(folder, async () => await one.tell(first)),
        inTurn(folder, async () => await other.tell(second)),
      ])
    await tellBoth()
    t.same(received.map(({ path }) => path).toSorted(), ['/both', '/one', '/other'])
    await tellBoth()
    t.equal(received.length, 3, 'none of them is forgotten')
    t.same([...one.notes, ...other.notes], [])
  },
)

t.test('inTurn() does the work also where the folder cannot be locked', async (t) => {
  const folder = join(await tempFolder(t), 'file')
  writeFileSync(folder, '')
  t.equal(await inTurn(folder, async () => await Promise.resolve(7)), 7)
  await t.rejects(
    inTurn(await tempFolder(t), async () => await Promise.reject(new Error('of the work'))),
    { message: 'of the work' },
  )
})

t.test('withLock() gives up on a folder that is not there, whatever sh is', async (t) => {
  const folder = await tempFolder(t)
  const path = process.env['PATH']
  t.teardown(() => (process.env['PATH'] = path))
  for (const shell of ['dash', 'bash']) {
    const bin = t.testdir({ sh: t.fixture('symlink', `/bin/${shell}`) })
    process.env['PATH'] = `${bin}:${path}`
    await t.rejects(
      withLock(join(folder, 'none'), async () => await Promise.resolve()),
      { message: /cannot be locked/ },
      shell,
    )
    t.equal(
      await withLock(join(folder, shell), async () => await Promise.resolve(7), { make: true }),
      7,
    )
  }
})

t.test('notifyAll() says where it cannot keep who was told', async (t) => {
  const folder = await tempFolder(t)
  const { url, received } = await useReceiver(t)
  const { tell, notes } = await teller([{ kind: 'webhook', url }], join(folder, 'gone'))
  await tell(checks().next([told({ changes: ['mode'] })]))
  t.equal(received.length, 1)
  t.match(notes, [/^it cannot be kept who was told/])
})

t.test('a mailer that does not end is ended', async (t) => {
  const folder = await tempFolder(t)
  writeFileSync(join(folder, 'sendmail'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 })
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}:${path}`
  t.teardown(() => (process.env['PATH'] = path))
  const message = { subject: 's', text: 't', id: 'i', data: {} }
  await t.rejects(mail({ to: 'ops@example.com', message, delays: [1], patience: 50 }), {
    message: 'sendmail: no end after 0.05 s',
  })
})

t.test('a mailer gets no more of the environment than it needs', async (t) => {
  const folder = await tempFolder(t)
  const script = `#!/bin/sh\ncat >/dev/null\nenv >${folder}/env\n`
  writeFileSync(join(folder, 'sendmail'), script, { mode: 0o755 })
  const before = { ...process.env }
  process.env['PATH'] = `${folder}:${before['PATH']}`
  process.env['HOSTWRIGHT_VAULT_PASSWORD'] = 'a very secret word'
  t.teardown(() => (process.env = before))
  const message = { subject: 's', text: 't', id: 'i', data: {} }
  await mail({ to: 'ops@example.com', message, delays: [] })
  const names = [...readFileSync(join(folder, 'env'), 'utf8').matchAll(/^(\w+)=/gm)]
  // The shell adds some, and so does tap to every process.
  const own = /^(?:PATH|HOME|LANG|PWD|OLDPWD|SHLVL|_|_TAPJS_\w+|NODE_OPTIONS)$/
  t.same(
    names.filter(([, name = '']) => !own.test(name)),
    [],
  )
  t.ok(names.some(([, name]) => name === 'HOME'))
})

t.test('smtp() logs in, is taken once, and tries again what is refused for now', async (t) => {
  const folder = await tempFolder(t)
  const { port, mails, commands, user, password } = await useFakeSmtp(t, [451, 421, 0, 550])
  const common = { kind: 'smtp', from: 'hw@example.com', to: 'ops@example.com', user } as const
  const server = `smtp://127.0.0.1:${port}`
  const { tell, notes } = await teller([{ ...common, server, password }], folder)
  const series = checks()
  const record = series.next([told({ task: 'file /ünï', changes: ['mode'] })])
  await tell(record)
  t.same(notes, [])
  t.match(mails, [{ from: 'hw@example.com', to: 'ops@example.com' }])
  const count = (verb: string) => commands.filter((line) => line.startsWith(verb)).length
  t.equal(count('MAIL'), 3, 'twice it was refused for now')
  const taken = mails[0]?.text ?? ''
  const head = taken.slice(0, taken.indexOf('\n\n'))
  t.match(head, /^Subject: Drift of site: 1 new$/m)
  t.match(head, new RegExp(`^Message-ID: <${record.run}@example\\.com>$`, 'm'))
  t.match(head, /^Content-Transfer-Encoding: quoted-printable$/m)
  t.match(taken, 'file /=C3=BCn=C3=AF: mode')

  await tell(series.next([told({ task: 'file /ünï' })]))
  t.equal(count('MAIL'), 4, 'what is refused for good is not tried again')
  t.match(notes, [
    /by smtp, and the next check tries again: smtp:.*550 no such mailbox; check the addresses/,
  ])
  t.match(notes[0], server, 'which server it is')
  t.equal(mails.length, 1)

  const wrong = [{ ...common, server, password: 'another password' }]
  const again = await teller(wrong, folder)
  await again.tell(record)
  t.same(again.notes, [], 'with another password it is the same receiver, who knows it')
  const refused = await teller(wrong, await tempFolder(t))
  await refused.tell(record)
  t.match(refused.notes, [/535 no such account; check its user and password$/])
  t.notMatch(refused.notes.join(), 'another password')
  t.equal(mails.length, 1)

  // The same server by an address that is not a loopback one.
  const before = count('AUTH')
  const far = await teller([{ ...common, server: `smtp://0.0.0.0:${port}`, password }], folder)
  await far.tell(record)
  t.match(far.notes, [/by smtp, and the next check tries again: .*(?:TLS|STARTTLS)/i])
  t.equal(count('AUTH'), before, 'no password is sent without TLS')
  // Nothing has that port here.
  const gone = await teller([{ ...common, server: 'smtp://127.0.0.1:1', password }], folder)
  await gone.tell(record)
  t.match(gone.notes, [/ECONNREFUSED.*; check its name and port, and that it can be reached/])
  const tls = await teller([{ ...common, server: `smtps://127.0.0.1:${port}`, password }], folder)
  await tls.tell(record)
  t.equal(tls.notes.length, 1)
  t.equal(mails.length, 1)
})

t.test(
  'smtp() logs in over TLS, and only where the certificate is trusted and right',
  async (t) => {
    const folder = await tempFolder(t)
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=mail'
    const names = 'subjectAltName=IP:127.0.0.1,IP:0.0.0.0'
    const files = ['-addext', names, '-keyout', keyFile, '-out', certFile]
    execFileSync('openssl', [...request.split(' '), ...files], { stdio: 'ignore' })
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')]
    const atOnce = { begins: 'at once', key, cert } as const
    const startTls = { begins: 'with STARTTLS', key, cert } as const
    // 0.0.0.0 is this machine too, but no loopback address.
    const cases: readonly {
      readonly url: string
      readonly tls: FakeTls | undefined
      readonly isTrusted?: boolean
      /** Why it is refused; without it the mail is taken. */
      readonly refusal?: RegExp
    }[] = [
      { url: 'smtps://127.0.0.1', tls: atOnce },
      { url: 'smtp://0.0.0.0', tls: startTls },
      {
        url: 'smtps://127.0.0.1',
        tls: atOnce,
        isTrusted: false,
        refusal: /self-signed certificate/,
      },
      {
        url: 'smtp://0.0.0.0',
        tls: startTls,
        isTrusted: false,
        refusal: /self-signed certificate/,
      },
      { url: 'smtps://localhost', tls: atOnce, refusal: /does not match certificate's altnames/ },
      { url: 'smtps://127.0.0.1', tls: undefined, refusal: /wrong version number/ },
      { url: 'smtp://0.0.0.0', tls: undefined, refusal: /STARTTLS/ },
    ]
    for (const { url, tls, isTrusted = true, refusal } of cases) {
      const { port, mails, commands, user, password } = await useFakeSmtp(t, [], tls)
      const { exitCode, stderr } = await runPlaybook('test/fixtures/tell-one.ts', [], {
        env: {
          HOSTWRIGHT_NOTIFY_SMTP: `${url}:${port} hw@example.com ops@example.com ${user} ${password}`,
          ...(isTrusted && { NODE_EXTRA_CA_CERTS: certFile }),
        },
      })
      const name = `${url}, ${tls?.begins ?? 'without TLS'}${isTrusted ? '' : ', not trusted'}`
      if (refusal === undefined) {
        t.equal(exitCode, 0, `${name}: ${stderr}`)
        t.match(mails, [{ to: 'ops@example.com', isEncrypted: true }], name)
        continue
      }
      t.equal(exitCode, 1, name)
      t.match(stderr, refusal, name)
      t.match(stderr, `${url}:${port}: `, name)
      t.match(stderr, '; check that it speaks TLS at this port', name)
      t.notMatch(stderr, password)
      t.notMatch(commands.join(), 'AUTH', `${name}: it does not log in`)
      t.same(mails, [])
    }
  },
)

t.test('notifyAll() gives a summary once a day where it is asked to', async (t) => {
  const folder = await tempFolder(t)
  const { url, received } = await useReceiver(t)
  const { tell } = await teller([{ kind: 'slack', url }], folder, 'daily')
  const series = checks()
  const record = series.next([told({})])
  await tell(record)
  await tell(record)
  t.equal(received.length, 1)
  t.same(received[0]?.body, { text: 'Drift of site: none on 1 host' })
  await tell(series.next([told({})]))
  t.equal(received.length, 2, 'the record of the next day')
})

t.test(
  'notifyAll() speaks as each receiver wants it, and tells one though another fails',
  async (t) => {
    const folder = await tempFolder(t)
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    const mails = join(folder, 'mails')
    writeFileSync(
      join(bin, 'sendmail'),
      `#!/bin/sh\n[ -e ${folder}/broken ] && { echo no >&2; exit 75; }\necho "args $*" >>${mails}; cat >>${mails}\n`,
    )
    chmodSync(join(bin, 'sendmail'), 0o755)
    const path = process.env['PATH']
    process.env['PATH'] = `${bin}:${path}`
    t.teardown(() => (process.env['PATH'] = path))
    const { url, received } = await useReceiver(t)
    const refusing = await useReceiver(t)
    await refusing.close()
    const { tell, notes } = await teller(
      [
        { kind: 'slack', url: `${url}/services/T0` },
        { kind: 'matrix', server: `${url}/`, room: '!room:example.com', token: 'a-token' },
        { kind: 'mail', to: 'ops@example.com\nBcc: all@example.com', from: 'hw@example.com' },
        { kind: 'webhook', url: refusing.url },
      ],
      folder,
    )
    const record = checks().next([told({ task: 'file /<a>&b ünï', changes: ['mode'] })])
    await tell(record)
    const slack = received.find(({ method }) => method === 'POST')
    t.match(slack, { path: '/services/T0', body: { text: /file \/&lt;a&gt;&amp;b ünï: mode/ } })
    const matrix = received.find(({ method }) => method === 'PUT')
    t.match(matrix, {
      path: `/_matrix/client/v3/rooms/!room%3Aexample.com/send/m.room.message/${record.run}`,
      headers: { authorization: 'Bearer a-token' },
      body: { msgtype: 'm.text', body: /file \/<a>&b ünï: mode/ },
    })
    const [head = '', body = ''] = readFileSync(mails, 'utf8').split('\n\n')
    t.match(
      head,
      /^args -t -i\nFrom: hw@example\.com\nTo: ops@example\.com Bcc: all@example\.com\nSubject: Drift of site: 1 new\n/,
    )
    t.match(Buffer.from(body, 'base64').toString(), /file \/<a>&b ünï: mode: is → should/)
    t.match(notes, [/by webhook.*ECONNREFUSED/])

    writeFileSync(join(folder, 'broken'), '')
    await tell({ ...record, findings: [] })
    t.match(
      notes.find((note) => note.includes('by mail')),
      /sendmail: exit status 75: no$/,
    )
    t.notOk(existsSync(join(folder, '.told')))
  },
)

t.test('notifiersOf() reads the environment, and refuses what it cannot use', async (t) => {
  t.same(notifiersOf({ HOSTWRIGHT_NOTIFY_SLACK: '' }), { notify: [], summary: undefined })
  const { notify, summary } = notifiersOf({
    HOSTWRIGHT_NOTIFY_WEBHOOK: 'https://example.com/hook/very-secret',
    HOSTWRIGHT_NOTIFY_SLACK: 'https://example.com/slack/very-secret',
    HOSTWRIGHT_NOTIFY_MATRIX: 'https://m.example.com !r:example.com very-secret',
    HOSTWRIGHT_NOTIFY_MAIL: 'ops@example.com',
    HOSTWRIGHT_NOTIFY_SMTP:
      'smtps://mail.example.com hw@example.com ops@example.com hw very-secret with blanks',
    HOSTWRIGHT_NOTIFY_SUMMARY: 'daily',
  })
  t.same(
    notify.map(({ kind }) => kind),
    ['webhook', 'slack', 'matrix', 'mail', 'smtp'],
  )
  const smtp = notify.at(-1)
  t.match(smtp, { server: 'smtps://mail.example.com', from: 'hw@example.com', user: 'hw' })
  t.equal(smtp?.kind === 'smtp' && secret(smtp.password ?? '').reveal(), 'very-secret with blanks')
  t.equal(summary, 'daily')
  t.notMatch(JSON.stringify(notify), /very-secret/)
  const wrong: readonly (readonly [string, string])[] = [
    ['WEBHOOK', 'example.com'],
    ['SLACK', 'ftp://example.com'],
    ['MATRIX', 'https://m.example.com room token'],
    ['MAIL', 'ops@example.com, others'],
    ['SMTP', 'smtps://mail.example.com ops@example.com'],
    ['SMTP', 'https://mail.example.com hw@example.com ops@example.com'],
    ['SMTP', 'smtps://hw:word@mail.example.com hw@example.com ops@example.com'],
    ['SMTP', 'smtps://mail.example.com hw ops@example.com'],
    ['SMTP', 'smtps://mail.example.com hw@example.com hunter2 hw@example.com ops@example.com'],
    ['SUMMARY', 'weekly'],
  ]
  for (const [name, value] of wrong)
    t.throws(() => notifiersOf({ [`HOSTWRIGHT_NOTIFY_${name}`]: value }), {
      code: 'USAGE_INVALID',
      message: new RegExp(`^Cannot use variable "HOSTWRIGHT_NOTIFY_${name}": (?!.*hunter2)`),
    })
})
