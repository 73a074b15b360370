import t from 'tap'
import { spawn } from 'node:child_process'
import { batch, type Section } from '../../lib/host/batch.js'

/** Runs a batch as the long-lived shell would, its output in pieces of a given size. */
async function run(shell: string, sections: readonly Section[], piece = Infinity) {
  const seen: string[] = []
  const work = batch(sections, {
    ended: (section, { exitCode }) => seen.push(`${section}:${exitCode}`),
    output: (section, stream, chunk) => seen.push(`${section} ${stream} ${chunk.length}`),
  })
  const child = spawn(shell, ['-c', 'eval "$0"', work.script])
  child.stdin.on('error', () => undefined)
  child.stdin.end(work.input)
  const feed = (take: (chunk: Buffer) => void) => (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += piece) take(chunk.subarray(at, at + piece))
  }
  child.stdout.on('data', feed(work.onStdout))
  child.stderr.on('data', feed(work.onStderr))
  await new Promise((resolve) => child.on('close', resolve))
  return { seen, results: work.results() }
}

const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
const exactly = (bytes: number) => `dd bs=1M count=${bytes} iflag=fullblock,count_bytes status=none`
const cases: {
  name: string
  sections: Section[]
  wanted: {
    stdout?: string | Buffer
    stderr?: string
    exitCode: number | undefined
    unneeded?: true | undefined
  }[]
}[] = [
  {
    name: 'outputs are kept apart',
    sections: [
      { script: 'echo one; echo uno >&2', required: true },
      { script: 'printf two', required: false },
    ],
    wanted: [
      { stdout: 'one\n', stderr: 'uno\n', exitCode: 0 },
      { stdout: 'two', stderr: '', exitCode: 0 },
    ],
  },
  {
    name: 'each has its own input, and what it leaves is not for the next',
    sections: [
      { script: 'head -c 2', input: Buffer.from('abcdef'), required: true },
      { script: 'cat', input: all, required: true },
      { script: 'cat', required: true },
      { script: 'exec 0<&-; echo closed', input: Buffer.alloc(300_000), required: true },
      { script: 'cat', input: Buffer.from('last'), required: true },
    ],
    wanted: [
      { stdout: 'ab', exitCode: 0 },
      { stdout: all, exitCode: 0 },
      { stdout: '', exitCode: 0 },
      { stdout: 'closed\n', exitCode: 0 },
      { stdout: 'last', exitCode: 0 },
    ],
  },
  {
    name: 'one that reads just its input has it from the message itself',
    sections: [
      { script: exactly(3), input: Buffer.from('abc'), readsExactly: true, required: true },
      { script: 'head -c 1', input: Buffer.from('def'), required: true },
      { script: exactly(256), input: all, readsExactly: true, required: true },
      { script: 'head -c 1', input: Buffer.from('xyz'), readsExactly: true, required: false },
      { script: 'cat', input: Buffer.from('last'), required: true },
      { script: 'exit 3', input: Buffer.from('unread'), readsExactly: true, required: true },
      { script: 'cat', input: Buffer.from('never'), required: true },
    ],
    wanted: [
      { stdout: 'abc', exitCode: 0 },
      { stdout: 'd', exitCode: 0 },
      { stdout: all, exitCode: 0 },
      { stdout: 'x', exitCode: 0 },
      { stdout: 'last', exitCode: 0 },
      { stdout: '', exitCode: 3 },
      { stdout: '', exitCode: undefined },
    ],
  },
  {
    name: 'one that need not run does not, and leaves its input to nobody',
    sections: [
      { script: 'cat', input: Buffer.from('never'), unless: 'echo noise; true', required: true },
      { script: 'cat', input: all, unless: 'cat; [ -e /no/such/path ]', required: true },
      { script: 'exit 4', unless: 'false', required: true },
      { script: 'echo never', unless: 'true', required: true },
    ],
    wanted: [
      { stdout: '', stderr: '', exitCode: 0, unneeded: true },
      { stdout: all, exitCode: 0, unneeded: undefined },
      { exitCode: 4 },
      { exitCode: undefined, unneeded: undefined },
    ],
  },
  {
    name: 'after a required one that fails nothing runs',
    sections: [
      { script: 'exit 3', required: true },
      { script: 'echo never', input: Buffer.from('x'), required: true },
      { script: 'echo never', required: false },
    ],
    wanted: [
      { exitCode: 3 },
      { stdout: '', exitCode: undefined },
      { stdout: '', exitCode: undefined },
    ],
  },
  {
    name: 'after one that is not required the next runs',
    sections: [
      { script: 'exit 4', required: false },
      { script: 'echo still', required: true },
    ],
    wanted: [{ exitCode: 4 }, { stdout: 'still\n', exitCode: 0 }],
  },
  {
    name: 'what is not required in a row shares its errors, which the last has',
    sections: [
      { script: 'echo one >&2', required: true },
      { script: 'echo a; echo two >&2', required: false },
      { script: 'echo b; echo three >&2; exit 2', required: false },
      { script: 'echo four >&2', required: true },
      { script: 'echo five >&2', required: false },
    ],
    wanted: [
      { stdout: '', stderr: 'one\n', exitCode: 0 },
      { stdout: 'a\n', stderr: '', exitCode: 0 },
      { stdout: 'b\n', stderr: 'two\nthree\n', exitCode: 2 },
      { stdout: '', stderr: 'four\n', exitCode: 0 },
      { stdout: '', stderr: 'five\n', exitCode: 0 },
    ],
  },
  {
    name: 'a syntax error, set -e and a changed directory stay inside',
    sections: [
      { script: 'if then (', required: false },
      { script: 'set -e; cd /; false; echo no', required: false },
      { script: '[ "$PWD" != / ] && echo here', required: false },
    ],
    wanted: [{ exitCode: undefined }, { exitCode: 1 }, { stdout: 'here\n', exitCode: 0 }],
  },
]

for (const shell of ['dash', 'bash'])
  for (const piece of [Infinity, 1, 7])
    t.test(`batch() in ${shell}, output in pieces of ${piece}`, async (t) => {
      for (const { name, sections, wanted } of cases) {
        const { results } = await run(shell, sections, piece)
        for (const [index, { stdout, stderr, exitCode }] of wanted.entries()) {
          const result = results[index]
          if (stdout !== undefined)
            t.same(result?.stdout, Buffer.from(stdout), `${name}: output ${index}`)
          if (stderr !== undefined)
            t.equal(result?.stderr.toString(), stderr, `${name}: errors ${index}`)
          if (name.startsWith('a syntax') && index === 0) t.not(result?.exitCode, 0)
          else t.equal(result?.exitCode, exitCode, `${name}: status ${index}`)
        }
      }
    })

t.test('batch() tells output and ends as they come', async (t) => {
  const { seen } = await run('dash', [
    { script: 'printf abc', required: true },
    { script: 'exit 1', required: true },
    { script: 'echo never', required: true },
  ])
  t.same(seen, ['0 stdout 3', '0:0', '1:1'])
})
