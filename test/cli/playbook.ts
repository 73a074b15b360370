import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runPlaybook, type Finished } from '../fixtures/playbook.js'
import { localInventory, tempFolder } from '../fixtures/run.js'

const library = new URL('../../lib/index.ts', import.meta.url).href

/** Runs a playbook whose function has this body, as a process of its own. */
async function run(t: Test, body: string, ...args: readonly string[]): Promise<Finished> {
  const script = join(await tempFolder(t), 'playbook.mts')
  writeFileSync(
    script,
    `import { command, playbook } from ${JSON.stringify(library)}
await playbook('test', async ({ play }) => {
${body}
})
`,
  )
  const inventory = await localInventory(t, ['a', 'b'])
  return await runPlaybook(script, ['-i', inventory, ...args])
}

t.test('a play that nobody awaits may end what it has begun, and is told', async (t) => {
  const folder = await tempFolder(t)
  const { exitCode, stderr, events, recap } = await run(
    t,
    `  void play('left', { hosts: 'a' }, async (host) => {
    await host.ensure(command({ run: 'touch ${folder}/begun; sleep 1; touch ${folder}/done', creates: '${folder}/done' }))
    await host.$\`touch ${folder}/never\`
  })
  const { existsSync } = await import('node:fs')
  for (let tries = 0; tries < 1000 && !existsSync('${folder}/begun'); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20))`,
    '--output',
    'json',
  )
  t.equal(exitCode, 2, stderr)
  t.match(stderr, /play "left" is under way, and nobody awaits it/)
  t.match(stderr, /playbook\.mts:3/)
  t.match(
    events.find((event) => event.type === 'task'),
    { task: /command/, status: 'changed' },
    'what was begun is done',
  )
  t.match(recap?.hosts['a'], { changed: 1, unreachable: 0 })
})

t.test('a playbook that waits for what never comes ends with a word', async (t) => {
  const { exitCode, stderr, recap } = await run(
    t,
    `  await play('stuck', { hosts: 'a' }, async () => await new Promise(() => undefined))`,
    '--output',
    'json',
  )
  t.equal(exitCode, 1, stderr)
  t.match(stderr, /waits for something that never comes/)
  t.match(stderr, /playbook\.mts:3/)
  t.ok(recap, 'the record is whole')
})

t.test('options of a play that TypeScript has not seen are refused', async (t) => {
  const { exitCode, stdout, stderr } = await run(
    t,
    `  await play('typo', { hosts: 'a', tags: 'web' }, async (host) => void (await host.$\`true\`))`,
    '--skip-tags',
    'web',
  )
  t.equal(exitCode, 1, stdout)
  t.match(stderr, /Cannot run play "typo": tags is not a list of texts/)
})

t.test('of two playbooks in one script the worse result counts', async (t) => {
  const script = join(await tempFolder(t), 'two.mts')
  writeFileSync(
    script,
    `import { command, playbook } from ${JSON.stringify(library)}
for (const run of process.env['RUN'].split(' '))
  await playbook(run, async ({ play }) => {
    await play(run, { hosts: 'a' }, async (host) => await host.ensure(command({ run })))
  })
`,
  )
  const inventory = await localInventory(t, ['a'])
  const cases = [
    ['true false', [], 2],
    ['false true', [], 2],
    ['true false', ['--detailed-exitcode'], 1],
    ['false true', ['--detailed-exitcode'], 1],
    ['true true', ['--detailed-exitcode'], 2],
  ] as const
  for (const [RUN, flags, wanted] of cases) {
    const ended = await runPlaybook(script, ['-i', inventory, ...flags], { env: { RUN } })
    t.equal(ended.exitCode, wanted, `${RUN} ${flags.join()}: ${ended.stderr}`)
  }
})
