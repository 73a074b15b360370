import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import axe, { type AxeResults } from 'axe-core'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { HostwrightError } from '../../lib/core/errors.js'
import type { DriftRecord } from '../../lib/drift/types.js'
import type { HostwrightEvent } from '../../lib/report/events.js'
import { driftHtml, htmlReporter } from '../../lib/report/html/index.js'
import { reportFile } from '../../lib/report/report-file.js'
import { runPlaybook, startPlaybook } from '../fixtures/playbook.js'
import { alone, localInventory, tempFolder } from '../fixtures/run.js'
import { sampleDrift } from './fixtures/sample-drift.js'
import { sampleRun } from './fixtures/sample-run.js'

const names = ['c1', 'c2', 'c3', 'c4', 'mon1', 'backup1', 'web1', 'web2', 'web3', 'web10']
const hosts = names.map((name) => `alma9-${name}`)

let browser: Browser | undefined

/** One browser for all tests, with a profile of its own that goes with it. */
async function chrome(): Promise<Browser> {
  browser ??= await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return browser
}
t.teardown(async () => await browser?.close())

interface Shown {
  readonly page: Page
  /** What the console said, what was thrown, and every address that was asked for. */
  readonly complaints: readonly string[]
  readonly requests: readonly string[]
  /** Milliseconds from the navigation until the list stands there. */
  readonly took: number
}

async function show(
  t: Test,
  html: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Shown> {
  const file = join(await tempFolder(t), 'report.html')
  writeFileSync(file, html)
  const page = await (
    await chrome()
  ).newPage({ viewport: { width: 1280, height: 900 }, ...options })
  t.teardown(async () => await page.close())
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`))
  page.on('request', (request) => requests.push(request.url()))
  const started = performance.now()
  await page.goto(pathToFileURL(file).href)
  await page.getByRole('status').waitFor()
  return { page, complaints, requests, took: performance.now() - started }
}

function runHtml(file: string, events: readonly HostwrightEvent[]): string {
  const reporter = htmlReporter(file)
  for (const event of events) reporter.event(event)
  reporter.close?.()
  return readFileSync(file, 'utf8')
}

async function sampleHtml(t: Test): Promise<string> {
  return runHtml(join(await tempFolder(t), 'run.html'), sampleRun())
}

function asksForNothing(t: Test, { requests, complaints }: Shown): void {
  t.same(complaints, [], 'the console is silent')
  t.ok(
    requests.every((url) => url.startsWith('file:') || url.startsWith('data:')),
    'nothing is asked of anyone',
  )
  t.equal(requests.filter((url) => url.startsWith('file:')).length, 1, 'not even of the disk')
}

const lines = (page: Page) => page.locator('.line')
/** What a click on each would do; thousands of clicks would take minutes. */
async function openAll(page: Page, kind: string): Promise<void> {
  await page.evaluate(
    `for (const one of document.querySelectorAll('details.${kind}')) one.open = true`,
  )
  // Browsers tell of it in a task of its own.
  await page.waitForTimeout(100)
}

const shownCount = (page: Page) => page.getByRole('status')

/** The list is drawn anew in the frame after a choice, and what stood there is gone. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`,
  )
}

t.test('the report of a run shows what was done, and filters it', async (t) => {
  const shown = await show(t, await sampleHtml(t))
  const { page } = shown
  t.equal(await page.title(), 'Database cluster · Run')
  t.equal(await page.locator('h1').textContent(), 'Database cluster')
  const sections = await page.getByRole('heading', { level: 2 }).allTextContents()
  t.same(sections, ['Failures', 'Notes', 'Timeline', 'Hosts', 'Checks', 'Slowest tasks', 'Tasks'])
  const failures = page.locator('#failures')
  for (const text of [
    'HOST_UNREACHABLE',
    'TASK_FAILED',
    'roles/mariadb_master_master/replication.ts:58:5',
    'seed this server again with mariadb-backup',
    'ERROR 1236 (HY000)',
  ])
    t.ok(await failures.getByText(text).isVisible(), `the failures tell ${text}`)
  t.match(await page.locator('.figures').innerText(), /changed\s*37/)
  t.match(
    await page
      .getByRole('row', { name: /alma9-c1/ })
      .first()
      .innerText(),
    /changed[\s\S]*\b22\b[\s\S]*\b13\b[\s\S]*\b9\b/,
    'the recap with its round trips',
  )
  t.match(
    await page.getByRole('img', { name: /^alma9-c2: busy for/ }).getAttribute('aria-label'),
    /longest mariadb_master_master: packages/,
    'the timeline in words',
  )
  t.ok((await page.locator('.track rect').count()) > 20, 'and drawn')
  t.match(await page.locator('#slowest tbody tr').first().innerText(), /21 s[\s\S]*alma9-c4/)

  t.equal(
    await shownCount(page).textContent(),
    '39 of 80 tasks on 4 hosts',
    'quiet ones are hidden',
  )
  const search = page.getByRole('searchbox')
  await search.fill('nginx ALMA9-C1')
  await shownCount(page).getByText('3 of 80 tasks on 1 host').waitFor()
  await search.fill('')
  await page.getByRole('combobox', { name: 'role' }).selectOption('lsyncd_peer')
  await shownCount(page).getByText('9 of 80').waitFor()
  await page.getByRole('combobox', { name: 'host' }).selectOption('alma9-c3')
  await shownCount(page).getByText('3 of 80').waitFor()
  await page.getByRole('checkbox', { name: /^ok/ }).check()
  await shownCount(page).getByText('6 of 80').waitFor()
  await page.getByRole('checkbox', { name: /^changed/ }).uncheck()
  await shownCount(page).getByText('3 of 80').waitFor()
  await page.getByLabel('Group').selectOption('title')
  await drawn(page)
  t.equal(await page.locator('.group').count(), 3)
  await search.fill('no such thing')
  await page.getByText('No task like this').waitFor()
  await page.getByRole('button', { name: 'alma9-c4, mariadb_master_master' }).click()
  await shownCount(page).getByText('3 of 80 tasks on 1 host').waitFor()
  t.ok(await search.evaluate((element) => element === element.ownerDocument.activeElement))
  asksForNothing(t, shown)
})

t.test('a line opens to its diff, which is not there before', async (t) => {
  const shown = await show(t, await sampleHtml(t))
  const { page } = shown
  const line = lines(page).filter({ hasText: 'zz-master-master.cnf' }).first()
  t.match(await line.textContent(), /content, mode/)
  t.equal(await page.locator('.diff').count(), 0)
  await line.locator('summary').click()
  const diff = line.locator('.diff')
  await diff.waitFor()
  t.same(await diff.locator('.removed td:last-child').allTextContents(), [
    'removed: innodb_buffer_pool_size = 128M',
  ])
  t.same(await diff.locator('.added td:last-child').allTextContents(), [
    'added: innodb_buffer_pool_size = 2G',
  ])
  t.same(await diff.locator('.added td').first().innerText(), '', 'no number on the side before')
  t.match(await line.innerText(), /0600\s+0644[\s\S]*index\.ts:42:5/)
  await page.emulateMedia({ media: 'print' })
  for (const side of ['removed', 'added'])
    t.ok(await diff.locator(`.${side}`).first().isVisible(), `what is ${side} prints`)
  asksForNothing(t, shown)
})

t.test('the keyboard is enough', async (t) => {
  const { page } = await show(t, await sampleHtml(t))
  const at = async () => await page.evaluate('document.activeElement.innerText.split("\\n")[0]')
  await page.keyboard.press('Tab')
  t.equal(await at(), 'Skip to the list')
  await page.keyboard.press('/')
  await page.keyboard.type('chrony/nginx')
  t.equal(await page.getByRole('searchbox').inputValue(), 'chrony/nginx', 'a slash can be typed')
  await page.keyboard.press('Escape')
  t.equal(await page.getByRole('searchbox').inputValue(), '')
  await drawn(page)
  await page.locator('.group summary').first().focus()
  const open = async () =>
    await page.evaluate('document.activeElement.closest("details").hasAttribute("open")')
  await page.keyboard.press('ArrowLeft')
  t.equal(await open(), false)
  await page.keyboard.press('ArrowDown')
  t.match(await at(), 'alma9-c2', 'what is closed is passed by')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowRight')
  t.equal(await open(), true)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  t.equal(await open(), true, 'a line')
  await page.keyboard.press('ArrowLeft')
  t.equal(await open(), false)
  await page.keyboard.press('ArrowLeft')
  t.match(await at(), 'alma9-c1', 'back at its group')
  await page.keyboard.press('End')
  t.match(await at(), 'failed')
})

t.test('the keyboard is enough for the report of drift', async (t) => {
  const shown = await show(t, driftHtml(sampleDrift({ hosts, perHost: 1.4 })))
  const { page } = shown
  const at = async () => await page.evaluate('document.activeElement.innerText.split("\\n")[0]')
  const isOpen = async () =>
    await page.evaluate('document.activeElement.closest("details").hasAttribute("open")')
  await page.keyboard.press('Tab')
  t.equal(await at(), 'Skip to the list')
  /** Each place that Tab comes to on its way, by its name. */
  const met: string[] = []
  const until = async (name: string) => {
    for (let presses = 0; presses < 200; presses += 1) {
      await page.keyboard.press('Tab')
      const label = 'document.activeElement.getAttribute("aria-label")'
      const one = String((await page.evaluate(label)) ?? (await at()))
      met.push(one)
      if (one === name) return
    }
    throw new Error(`Tab does not come to "${name}"`)
  }
  await until('As a table')
  await page.keyboard.press('Enter')
  t.equal(await isOpen(), true)
  await until('Findings by check')
  t.match(await page.evaluate('document.activeElement.getAttribute("role")'), 'region')
  await until('Hosts, and what was found by role')
  await until('alma9-c1')
  await page.keyboard.press('Enter')
  t.equal(
    await page.evaluate('document.activeElement.type'),
    'search',
    'it leads to what was found on the host',
  )
  await drawn(page)
  t.match(await shownCount(page).textContent(), /on 1 host$/)
  await page.keyboard.type('service')
  await page.keyboard.press('Escape')
  t.equal(await page.getByRole('searchbox').inputValue(), '')
  await drawn(page)
  await page.locator('.group summary').first().focus()
  t.match(await at(), 'alma9-c1')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  t.equal(await isOpen(), true, 'a finding')
  await page.locator('.line[open] .more').first().waitFor()
  await page.keyboard.press('ArrowLeft')
  t.equal(await isOpen(), false)
  await page.keyboard.press('ArrowLeft')
  t.match(await at(), 'alma9-c1', 'back at its group')
  await page.getByRole('searchbox').focus()
  met.length = 0
  await until('alma9-c1')
  t.ok(met.includes('role') && met.includes('side'), 'the filter is on the way')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Space')
  await drawn(page)
  t.match(await shownCount(page).textContent(), / of /, 'a status is switched off')
  asksForNothing(t, shown)
})

t.test('colours follow the system until one is chosen', async (t) => {
  const { page } = await show(t, await sampleHtml(t), { colorScheme: 'dark' })
  const paper = async () => await page.evaluate('getComputedStyle(document.body).backgroundColor')
  const dark = await paper()
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await paper()
  t.not(dark, light)
  await page.getByText('dark', { exact: true }).click()
  t.equal(await paper(), dark)
  await page.reload()
  t.equal(await paper(), dark, 'the choice is kept')
  await page.emulateMedia({ media: 'print' })
  t.equal(await paper(), 'rgb(255, 255, 255)', 'paper is white all the same')
  t.equal(await page.locator('nav').isVisible(), false)
})

t.test('the report of drift shows the newest state and the history', async (t) => {
  const shown = await show(t, driftHtml(sampleDrift({ hosts, perHost: 1.4 })))
  const { page } = shown
  t.equal(await page.title(), 'Database cluster · Drift')
  const sections = await page.getByRole('heading', { level: 2 }).allTextContents()
  t.same(sections, ['Over the checks', 'Hosts', 'By host and day', 'Findings'])
  t.match(await page.locator('.figures').innerText(), /hosts unknown\s*1/)
  t.match(
    await page.getByRole('row', { name: /alma9-backup1/ }).innerText(),
    /unknown[\s\S]*no answer on port 22[\s\S]*last known 2026-03-08/,
  )
  for (const name of ['Findings', 'Duration', 'Round trips'])
    t.equal(
      await page.getByRole('img', { name: new RegExp(`^${name}, 43 checks: now `) }).count(),
      1,
      `${name} over the checks`,
    )
  const lane = page.getByRole('img', { name: /^alma9-backup1: drift on \d+ of 43 days/ })
  t.match(await lane.getAttribute('aria-label'), /unknown on \d days?$/)
  t.equal(await lane.locator('i').count(), 43, 'a cell a day')
  t.equal(await lane.locator('i').last().getAttribute('title'), '2026-03-09: unknown')
  await page.getByText('As a table').first().click()
  await page.getByRole('table', { name: 'Findings by check' }).waitFor()
  await page.locator('#days').getByText('As a table').click()
  const table = page.getByRole('table', { name: 'Findings by host and day, as a table' })
  await table.waitFor()
  const days = await table.getByRole('columnheader').allTextContents()
  t.same([days.length, days[1], days.at(-1)], [44, '2026-03-09', '2026-01-26'])
  const row = table.getByRole('row', { name: /^alma9-backup1 / })
  const cells = await row.getByRole('cell').allTextContents()
  t.equal(cells[0], 'unknown')
  const titles = await lane
    .locator('i')
    .evaluateAll((all) => all.map((one) => one.getAttribute('title') ?? ''))
  const said = (title: string) => title.replace(/^\S+ /, '').replace(/ findings?$/, '')
  t.same(cells, titles.map(said).toReversed(), 'the same as the map')

  const side = page.getByRole('combobox', { name: 'side' })
  await side.selectOption('code')
  await shownCount(page)
    .getByText(/^\d+ of \d+ findings on \d+ hosts?$/)
    .waitFor()
  await side.selectOption('')
  await drawn(page)
  const line = lines(page).filter({ hasText: 'zz-master-master.cnf' }).first()
  await line.locator('summary').click()
  await line.locator('.more').waitFor()
  const text = await line.innerText()
  t.match(text, /gtid_strict_mode = OFF/)
  t.match(text, /The host has changed, the playbook has not/)
  t.match(text, /modified 2026-03-09 01:12:44 UTC, owned by root\nlogin ops/)
  t.match(text, /Since\s+2026-\d\d-\d\d 02:15 UTC/)
  asksForNothing(t, shown)
})

t.test('driftHtml() takes each host from the newest check that looked at it', async (t) => {
  const [first] = sampleDrift({ hosts: ['a', 'b'], checks: 1, perHost: 4 })
  const time = '2026-01-27T02:15:00.000Z'
  const left = { ...first!, time, hosts: { b: first!.hosts['b']! }, findings: [] }
  const { page } = await show(t, driftHtml([left, first!]))
  const open = first!.findings.filter(({ host }) => host === 'a').length
  t.ok(open > 1 && open < first!.findings.length)
  t.equal(await shownCount(page).textContent(), `${open} findings on 1 host`)
  t.match(await page.getByRole('row', { name: /^a / }).innerText(), /2026-01-26 02:15/)
  t.equal((await show(t, driftHtml([]))).complaints.length, 0, 'no check at all is no error')
})

t.test('driftHtml() leaves out a host that has gone from the inventory', async (t) => {
  const [first] = sampleDrift({ hosts: ['a', 'b'], checks: 1, perHost: 4 })
  const last: DriftRecord = {
    ...first!,
    time: '2026-01-27T02:15:00.000Z',
    inventory: ['inventories/lab'],
    inventoryHosts: ['b'],
    hosts: { b: { ...first!.hosts['b']!, state: 'clean' } },
    findings: first!.findings.map(({ before: _before, after: _after, ...one }) => ({
      ...one,
      state: 'resolved' as const,
    })),
  }
  const { page } = await show(t, driftHtml([first!, last]))
  t.equal(await page.title(), 'Database cluster (inventories/lab) · Drift')
  t.match(await page.locator('.figures').innerText(), /hosts with drift\s*0/)
  t.equal(await page.getByRole('row', { name: /^a / }).count(), 0)
  const states = await page.locator('.line .state').allTextContents()
  t.same(new Set(states), new Set(['resolved']))
  t.equal(states.length, first!.findings.length, 'what was found there is resolved')
})

t.test('driftHtml() shows that a check as a whole has failed', async (t) => {
  const records = sampleDrift({ hosts: ['a', 'b'], checks: 3, perHost: 1 })
  const why = 'Cannot run the playbook: no such thing'
  const failed: DriftRecord = {
    ...records[1]!,
    time: '2026-01-27T02:15:00.000Z',
    exitCode: 1,
    failure: why,
    inventoryHosts: ['a', 'b'],
    hosts: {},
    findings: [],
  }
  const shown = await show(t, driftHtml([records[0]!, failed, records[2]!]))
  const { page } = shown
  const chart = page.getByRole('img', { name: /^Findings, 3 checks: .*; 1 check failed$/ })
  t.equal(await chart.locator('.failed').count(), 1)
  t.match(await chart.locator('.failed').getAttribute('title'), `failed: ${why}`)
  t.match(
    await page.evaluate(
      'getComputedStyle(document.querySelector(".columns > .failed")).backgroundImage',
    ),
    'repeating-linear-gradient',
    'it is drawn',
  )
  await page.getByText('As a table').first().click()
  const table = page.getByRole('table', { name: 'Findings by check' })
  await table.waitFor()
  t.match(await table.getByRole('row', { name: /^2026-01-27/ }).innerText(), `failed: ${why}`)
  const day = page.getByRole('img', { name: /^a: / }).locator('i').nth(1)
  t.equal(await day.getAttribute('title'), '2026-01-27: unknown')
  asksForNothing(t, shown)
})

t.test('driftHtml() shows open findings that the newest check has not looked at', async (t) => {
  const [first] = sampleDrift({ hosts: ['a', 'b'], checks: 1, perHost: 4 })
  const unseen = first!.findings.filter(({ host }) => host === 'a')
  const lost = { state: 'unknown', reason: 'no answer', roundTrips: 0, tasks: {} } as const
  const second: DriftRecord = {
    ...first!,
    time: '2026-01-27T02:15:00.000Z',
    exitCode: 1,
    hosts: { a: lost, b: { ...first!.hosts['b']!, state: 'clean' } },
    findings: [],
    unseen,
  }
  const { page } = await show(t, driftHtml([first!, second]))
  t.ok(unseen.some(({ before }) => before !== undefined))
  t.equal(await shownCount(page).textContent(), `${unseen.length} findings on 1 host`)
  t.match(await page.locator('.figures').innerText(), new RegExp(`looked at\\s*${unseen.length}`))
  t.match(await page.locator('.outcome').innerText(), 'not all is known')
  const line = lines(page)
    .filter({ hasText: /\+\d+ −\d+ lines/ })
    .first()
  await line.locator('summary').click()
  await line.locator('.diff').waitFor()
  t.match(await line.innerText(), /not looked at[\s\S]*Why\s+no answer/)
  await page.getByRole('checkbox', { name: /^not looked at/ }).uncheck()
  await page.getByText(`${unseen.length} findings of another status`).waitFor()
  // One that --limit leaves out is told once, not as it was and as not looked at.
  const limited: DriftRecord = { ...second, exitCode: 0, hosts: { b: second.hosts['b']! } }
  const other = await show(t, driftHtml([first!, limited]))
  t.equal(await shownCount(other.page).textContent(), `${unseen.length} findings on 1 host`)
  t.match(await other.page.locator('.outcome').innerText(), 'no drift in what was looked at')
})

const attack = `"'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;</script><!--\u2028\u202e\u001b[31m`

/** Every text of some data, but the words that a report reads, made hostile. */
function poisoned<T>(data: T, kept: ReadonlySet<string>): T {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return kept.has(key) ? value : value + attack
    if (Array.isArray(value)) return value.map((one) => walk(one, key))
    if (value === null || typeof value !== 'object') return value
    const isNamed = key === 'hosts' || key === 'tasks'
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [isNamed ? name + attack : name, walk(one, name)]),
    )
  }
  return walk(data, '') as T
}

t.test('nothing in the data becomes a part of the page', async (t) => {
  const kept = new Set(['type', 'time', 'status', 'state', 'result', 'level', 'side', 'since'])
  const run = poisoned(sampleRun(), kept)
  const drift = poisoned<readonly DriftRecord[]>(
    sampleDrift({ hosts: hosts.slice(0, 6), checks: 3, perHost: 2 }),
    kept,
  )
  const file = join(await tempFolder(t), 'run.html')
  for (const html of [runHtml(file, run), driftHtml(drift)]) {
    t.equal(html.match(/<script/g)?.length, 2, 'its own data and its own script')
    const shown = await show(t, html)
    const { page } = shown
    t.ok((await page.locator('h1').textContent())?.includes('<script>alert(1)</script>'))
    for (const box of await page.getByRole('checkbox').all()) await box.check()
    await drawn(page)
    for (const kind of ['group', 'line']) await openAll(page, kind)
    t.ok((await page.locator('.diff').count()) > 0)
    t.equal(await page.locator('img, script:not([id]):not([type=module])').count(), 0)
    asksForNothing(t, shown)
  }
})

t.test('its policy keeps out what is not its own', async (t) => {
  const html = (await sampleHtml(t)).replace(
    '</body>',
    '<script>document.title = "taken"</script><p style="color: red" id="styled">x</p></body>',
  )
  const { page, complaints } = await show(t, html)
  t.equal(await page.title(), 'Database cluster · Run', 'a script without its hash does not run')
  t.not(
    await page.evaluate('getComputedStyle(document.getElementById("styled")).color'),
    'rgb(255, 0, 0)',
  )
  t.equal(complaints.filter((text) => text.includes('Content Security Policy')).length, 2)
})

/** Milliseconds of the processor's time after which a page that does one thing has stopped. */
const frozen = 2_000

/** What a page takes: the elements that stand there, and milliseconds of work by what is done. */
async function costOf(t: Test, html: string) {
  const { page } = await show(t, html)
  const session = await page.context().newCDPSession(page)
  // The processor's time in the page's thread, not the clock's: what else the machine does is not in it.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const spent = async () => {
    await drawn(page)
    const { metrics } = await session.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN)
  }
  const elements: number[] = []
  const tries: number[][] = []
  for (let left = 3; left > 0; left -= 1) {
    await page.reload()
    await shownCount(page).waitFor()
    const loaded = await spent()
    elements.push(await page.locator('*').count())
    const before = await spent()
    await page.getByRole('searchbox').fill('mariadb')
    const searched = await spent()
    await page.getByLabel('Group').selectOption('title')
    tries.push([loaded, searched - before, (await spent()) - searched])
  }
  const least = (at: number) => Math.round(Math.min(...tries.map((one) => one[at] ?? NaN)))
  return { elements: elements[0]!, load: least(0), search: least(1), group: least(2) }
}

t.test(
  'five times the hosts and findings are less than three times the work, and 2 s',
  async (t) => {
    const pages = [100, 500].map((count) => {
      const many = Array.from({ length: count }, (_, at) => `node${at + 1}`)
      return driftHtml(sampleDrift({ hosts: many, checks: 60, perHost: 10 }))
    })
    const few = await costOf(t, pages[0]!)
    const many = await costOf(t, pages[1]!)
    const said = JSON.stringify({ few, many })
    t.comment(said)
    t.ok(few.elements > 1000 && many.elements < 2 * few.elements, `not all is drawn: ${said}`)
    for (const work of ['load', 'search', 'group'] as const)
      t.ok(few[work] > 0 && many[work] < Math.min(3 * few[work], frozen), `${work}: ${said}`)
  },
)

t.test('500 hosts and 5,000 findings do not stop the page', async (t) => {
  const many = Array.from({ length: 500 }, (_, at) => `node${at + 1}`)
  const records = sampleDrift({ hosts: many, checks: 60, perHost: 10 })
  const found = records.at(-1)?.findings.filter(({ state }) => state !== 'resolved').length ?? 0
  t.ok(found >= 4_900, `${found} findings`)
  const started = performance.now()
  const html = driftHtml(records)
  const made = performance.now() - started
  const shown = await show(t, html)
  const { page } = shown
  const timed = async (work: () => Promise<unknown>) => {
    const begin = performance.now()
    await work()
    return Math.round(performance.now() - begin)
  }
  const paint = await page.evaluate(
    'performance.getEntriesByName("first-contentful-paint")[0].startTime',
  )
  t.equal(await lines(page).count(), 0, 'no line is made before its group is opened')
  const filtered = await timed(async () => {
    await page.getByRole('searchbox').fill('node77 lsyncd')
    await page.getByText(/^\d+ of 5,\d+ findings on 1 host$/).waitFor()
  })
  const grouped = await timed(async () => {
    await page.getByRole('searchbox').fill('')
    await page.getByLabel('Group').selectOption('role')
    await page.getByRole('heading', { level: 3, name: 'mariadb_master_master' }).click()
    await page.getByRole('button', { name: /^Show 100 more of/ }).waitFor()
  })
  t.equal(await lines(page).count(), 100, 'a long group comes in pieces')
  await page.getByRole('button', { name: /^Show 100 more of/ }).click()
  t.equal(await lines(page).count(), 200)
  const sizes = `${(html.length / 1e6).toFixed(1)} MB made in ${Math.round(made)} ms`
  t.comment(
    `${sizes}; list after ${Math.round(shown.took)} ms, first paint ${Math.round(Number(paint))} ms, filter ${filtered} ms, group ${grouped} ms`,
  )
  asksForNothing(t, shown)
})

t.test('it fits a small screen', async (t) => {
  const drift = sampleDrift({ hosts, perHost: 1.4 })
  const hourly = sampleDrift({ hosts: hosts.slice(0, 2), checks: 1440 }).map((record, at) => ({
    ...record,
    time: new Date(Date.parse('2026-01-01T00:17:00.000Z') + at * 3_600_000).toISOString(),
  }))
  for (const html of [await sampleHtml(t), driftHtml(drift), driftHtml(hourly)]) {
    const { page } = await show(t, html, { viewport: { width: 380, height: 800 } })
    await openAll(page, 'line')
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 380)
  }
})

/** What axe finds fault with, each with the first places. */
async function faults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResults
  if (passes.length < 20) throw new Error(`axe has looked at ${passes.length} rules only`)
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`)
    return `${id}: ${help} (${nodes.length}): ${places.join(' | ')}`
  })
}

t.test('axe finds nothing that keeps anybody from reading it', async (t) => {
  const records = sampleDrift({ hosts, perHost: 1.4 })
  const last = records.at(-1)!
  const failed = { ...last, exitCode: 1, failure: 'it was stopped', hosts: {}, findings: [] }
  const pages = {
    'a run': await sampleHtml(t),
    drift: driftHtml(records),
    'a failed check': driftHtml([...records, { ...failed, time: '2026-03-10T02:15:00.000Z' }]),
    'no check': driftHtml([]),
  }
  for (const [what, html] of Object.entries(pages))
    for (const colorScheme of ['light', 'dark'] as const) {
      const shown = await show(t, html, { colorScheme })
      const { page } = shown
      for (const box of await page.getByRole('checkbox').all()) await box.check()
      await drawn(page)
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
      await page.waitForTimeout(100)
      await openAll(page, 'line')
      if (what === 'a run' || what === 'drift') t.ok((await page.locator('.diff').count()) > 0)
      t.strictSame(await faults(page), [], `${what}, ${colorScheme}`)
      asksForNothing(t, shown)
    }
})

/**
 * How much of a picture is not as in another, from 0 to 1. A quarter of the size takes out what is only
 * the drawing of letters: another font, or another browser's smoothing, is less than 0.02.
 */
async function differing(t: Test, one: Buffer, other: Buffer): Promise<number> {
  const page = await (await chrome()).newPage()
  t.teardown(async () => await page.close())
  const share = await page.evaluate(`(async () => {
    const pixelsOf = async (png) => {
      const image = new Image()
      image.src = 'data:image/png;base64,' + png
      await image.decode()
      const canvas = new OffscreenCanvas(image.width / 4, image.height / 4)
      const context = canvas.getContext('2d')
      context.imageSmoothingQuality = 'high'
      context.drawImage(image, 0, 0, canvas.width, canvas.height)
      return context.getImageData(0, 0, canvas.width, canvas.height).data
    }
    const [a, b] = [await pixelsOf('${one.toString('base64')}'), await pixelsOf('${other.toString('base64')}')]
    let count = 0
    for (let at = 0; at < a.length; at += 4)
      if ([0, 1, 2].some((colour) => Math.abs(a[at + colour] - b[at + colour]) > 32)) count += 1
    return (4 * count) / a.length
  })()`)
  return Number(share)
}

t.test('screenshots, light and dark, are the pictures of the documents', async (t) => {
  const folder = await tempFolder(t)
  const html = driftHtml(sampleDrift({ hosts, perHost: 1.4 }))
  const viewport = { width: 1180, height: 1400 }
  const taken: Buffer[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await show(t, html, { colorScheme, viewport })
    const path = join(folder, `report-${colorScheme}.png`)
    await page.screenshot({ path })
    const png = readFileSync(path)
    t.equal(png.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n')
    t.equal(png.readUInt32BE(16), viewport.width)
    t.equal(png.readUInt32BE(20), viewport.height)
    t.ok(png.length < 200_000, `${colorScheme}: ${png.length} bytes`)
    taken.push(png)
    const shown = join(fileURLToPath(new URL('../../docs', import.meta.url)), basename(path))
    if (process.env['HOSTWRIGHT_SCREENSHOTS'] === '1') copyFileSync(path, shown)
    const share = await differing(t, png, readFileSync(shown))
    const hint = 'HOSTWRIGHT_SCREENSHOTS=1 takes it anew'
    t.ok(share < 0.04, `docs/${basename(path)} shows the report, but for ${share}: ${hint}`)
  }
  t.ok((await differing(t, taken[0]!, taken[1]!)) > 0.5, 'one light, one dark')
})

t.test('reportFile() writes a file as a whole, or says at once that it cannot', async (t) => {
  const folder = await tempFolder(t)
  const file = join(folder, 'report.html')
  const report = reportFile(file)
  t.same(readdirSync(folder), [], 'trying leaves nothing')
  report.write('first')
  writeFileSync(file, 'second', { mode: 0o600 })
  symlinkSync('report.html', join(folder, 'link.html'))
  reportFile(join(folder, 'link.html')).write('third')
  t.equal(readFileSync(file, 'utf8'), 'third', 'a link is followed')
  t.same(readdirSync(folder).toSorted(), ['link.html', 'report.html'])
  mkdirSync(join(folder, 'folder.html'))
  const cases = [
    [join(folder, 'none', 'r.html'), /its directory is not there/],
    [join(file, 'r.html'), /a part of its path is no directory/],
    [join(folder, 'folder.html'), /it is there already, and it is no file/],
  ] as const
  for (const [path, message] of cases)
    t.throws(() => reportFile(path), { code: 'USAGE_INVALID', message, name: HostwrightError.name })
})

const library = new URL('../../lib/index.ts', import.meta.url).href

async function playbookOf(t: Test, body: string): Promise<string> {
  const script = join(await tempFolder(t), 'playbook.mts')
  writeFileSync(
    script,
    `import { command, file, playbook } from ${JSON.stringify(library)}
await playbook('reported', async ({ play }) => {
  await play('Work', { hosts: 'all' }, async (host) => { ${body} })
})
`,
  )
  return script
}

t.test('--report writes what a run has done, also where it fails', async (t) => {
  const folder = await tempFolder(t)
  const path = join(folder, 'run.html')
  const script = await playbookOf(
    t,
    `await host.ensure([
      file({ path: '${folder}/made', content: 'hello\\n' }),
      command({ run: 'echo because >&2; false' }),
    ])`,
  )
  const inventory = await localInventory(t, ['a'])
  const { exitCode, stderr } = await alone(
    async () => await runPlaybook(script, ['-i', inventory, '--report', path]),
  )
  t.equal(exitCode, 2, stderr)
  const { page, complaints } = await show(t, readFileSync(path, 'utf8'))
  t.same(complaints, [])
  t.match(
    await page.locator('#failures').innerText(),
    /TASK_FAILED[\s\S]*playbook\.mts:5:7[\s\S]*because/,
  )
  await lines(page)
    .filter({ hasText: `file ${folder}/made` })
    .locator('summary')
    .click()
  await page.locator('.diff').getByText('hello').waitFor()
})

t.test('--report that cannot be written is told before a host is touched', async (t) => {
  const folder = await tempFolder(t)
  const script = await playbookOf(t, `await host.$\`touch ${folder}/touched\``)
  const inventory = await localInventory(t, ['a'])
  const path = join(folder, 'none', 'run.html')
  const { exitCode, stderr } = await runPlaybook(script, ['-i', inventory, '--report', path])
  t.equal(exitCode, 1)
  t.match(stderr, /Cannot write the report ".*run\.html": its directory is not there/)
  t.same(readdirSync(folder), [])
})

for (const [times, outcome] of [
  [1, 'interrupted'],
  [2, 'cut off'],
] as const)
  t.test(`--report is written when a run gets SIGINT, ${times} times`, async (t) => {
    const folder = await tempFolder(t)
    const script = await playbookOf(
      t,
      `await host.ensure([command({ run: 'sleep 3' }), file({ path: '${folder}/never', content: '' })])`,
    )
    const inventory = await localInventory(t, ['a'])
    const path = join(folder, 'run.html')
    let sent = 0
    const ended = await alone(
      async () =>
        await startPlaybook(script, ['-i', inventory, '--output', 'json', '--report', path], {
          onEvent: ({ type }, child) => {
            const isDue = sent === 0 ? type === 'start' : type === 'note' && sent < times
            if (isDue) sent += child.kill('SIGINT') ? 1 : 0
          },
        }).finished,
    )
    t.equal(ended.exitCode, 130, ended.stderr)
    const { page } = await show(t, readFileSync(path, 'utf8'))
    t.equal(await page.locator('.outcome').innerText(), outcome)
    t.same(readdirSync(folder), ['run.html'])
  })
