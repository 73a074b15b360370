import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Message, Shell } from '../../lib/connection/index.js'

interface Case {
  readonly message: Message
  readonly stdout?: string | Buffer
  readonly stderr?: string | RegExp
  readonly exitCode?: number
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))

/** What every shell has to answer, wherever it runs. Left out are an empty text and exit status 0. */
const cases: Readonly<Record<string, Case>> = {
  'keeps the outputs apart': {
    message: { script: 'echo out; echo err >&2; echo more' },
    stdout: 'out\nmore\n',
    stderr: 'err\n',
  },
  'is silent': { message: { script: '' } },
  'gives the exit status': { message: { script: 'exit 3' }, exitCode: 3 },
  'gives the last status': { message: { script: '(exit 200)' }, exitCode: 200 },
  'ends at the first error under set -e': {
    message: { script: 'set -eu; echo one; false; echo two' },
    stdout: 'one\n',
    exitCode: 1,
  },
  'is not traced by the last message': { message: { script: 'set -x' } },
  'survives a syntax error': {
    message: { script: 'echo never; if (' },
    stderr: /[Ss]yntax error/,
    exitCode: 2,
  },
  'survives exec': { message: { script: 'exec echo gone' }, stdout: 'gone\n' },
  'runs traps': { message: { script: 'trap "echo bye" EXIT; echo hi' }, stdout: 'hi\nbye\n' },
  'keeps no variable': { message: { script: 'echo "${kept-}"; kept=1; cd /' }, stdout: '\n' },
  'has no arguments': { message: { script: 'echo $#' }, stdout: '0\n' },
  'has the system tools in its path': { message: { script: 'command -v useradd >/dev/null' } },
  'reads nothing where there is no input': {
    message: { script: 'cat; read x; echo $?' },
    stdout: '1\n',
  },
  'keeps here-documents and newlines': {
    message: { script: "cat <<'EOF'\n$a\n\nEOF\nprintf 'x\\n\\n\\n'\n\n\n" },
    stdout: '$a\n\nx\n\n\n',
  },
  'takes a script that ends in a comment': { message: { script: 'echo 1 # two' }, stdout: '1\n' },
  'takes a script of bytes that are not ASCII': {
    message: { script: "printf '%s' 'Grüße 世界 🌍'" },
    stdout: 'Grüße 世界 🌍',
  },
  'takes a script of 1 MB': {
    message: { script: `printf '%s' '${'é'.repeat(500_000)}' | wc -c` },
    stdout: '1000000\n',
  },
  'gives all bytes back': { message: { script: 'cat', input: allBytes }, stdout: allBytes },
  'gives a text back that is compressed on its way': {
    message: { script: 'cat', input: Buffer.from('a line like any other\n'.repeat(5_000)) },
    stdout: 'a line like any other\n'.repeat(5_000),
  },
  'gives back a text that is compressed on its way through a timeout': {
    message: { script: 'cat', input: Buffer.from('again\n'.repeat(9_000)), timeout: 30_000 },
    stdout: 'again\n'.repeat(9_000),
  },
  'gives all bytes back through a timeout': {
    message: { script: 'cat; exit 9', input: allBytes, timeout: 30_000 },
    stdout: allBytes,
    exitCode: 9,
  },
  'takes an empty input': { message: { script: 'cat', input: new Uint8Array() } },
  'takes an input in chunks': {
    message: {
      script: 'cat',
      input: { size: 6, chunks: { [Symbol.asyncIterator]: () => chunks('ab', '', 'cdef') } },
    },
    stdout: 'abcdef',
  },
  'drains an input that is not read': {
    message: { script: 'echo done', input: Buffer.alloc(3_000_000) },
    stdout: 'done\n',
  },
  'drains an input that is closed': {
    message: { script: 'exec <&-; echo done', input: Buffer.alloc(300_000), timeout: 30_000 },
    stdout: 'done\n',
  },
  'does not wait for what stays behind': {
    message: { script: '{ sleep 1; echo stray; echo stray >&2; } & echo now' },
    stdout: 'now\n',
  },
  'has a timeout that is not reached': {
    message: { script: 'echo "$LC_ALL"; exit 124', timeout: 30_000 },
    stdout: 'C\n',
    exitCode: 124,
  },
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

/** Runs all cases on a shell, one after the other, and then what needs several messages. */
export async function runShellCases(t: Test, shell: Shell): Promise<void> {
  for (const [name, { message, stdout = '', stderr = '', exitCode = 0 }] of Object.entries(cases)) {
    const reply = await shell.run(message)
    t.ok(reply.stdout.equals(Buffer.from(stdout)), `${name}: stdout`, {
      found: reply.stdout.subarray(0, 300),
    })
    t.match(reply.stderr.toString(), stderr, `${name}: stderr`)
    if (stderr === '' && name !== 'is not traced by the last message')
      t.equal(reply.stderr.length, 0, name)
    t.equal(reply.exitCode, exitCode, `${name}: exit status`)
  }

  // What was left behind by the case above speaks between two messages.
  await sleep(1500)
  const silent = await shell.run({ script: 'echo own' })
  t.equal(silent.stdout.toString() + silent.stderr.toString(), 'own\n', 'drops stray output')

  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, index) => shell.run({ script: `echo ${index}` })),
  )
  const order = replies.map(({ stdout }) => Number(stdout.toString()))
  t.same(order, [...order.keys()], 'answers in the order of the calls')

  await shell.run({ script: 'exec 7</proc/self/status; set -eux', persist: true })
  const kept = await shell.run({ script: 'head -c 5 <&7; echo "$-"' })
  t.match(kept.stdout.toString(), /^Name:[^eux]*\n$/, 'keeps descriptors and no options')
  t.equal(kept.stderr.toString(), '', 'is not traced after a message that stays')
  await shell.run({ script: 'exec 7<&-', persist: true })

  const streamed: string[] = []
  const reply = await shell.run({
    script: 'echo 1; echo e >&2; sleep 0.3; echo 2',
    onStdout: (chunk) => streamed.push(`out ${chunk.toString()}`),
    onStderr: (chunk) => streamed.push(`err ${chunk.toString()}`),
  })
  t.same(streamed.toSorted(), ['err e\n', 'out 1\n', 'out 2\n'], 'streams while the script runs')
  t.equal(reply.stdout.length, 0)
  t.equal(reply.stderr.toString(), 'e\n')

  await t.rejects(shell.run({ script: 'echo \0' }), { code: 'PARAMETER_INVALID' })
  const wrong = { script: '', persist: true, timeout: 5 }
  await t.rejects(shell.run(wrong), { code: 'PARAMETER_INVALID' })
  t.equal((await shell.run({ script: 'echo on' })).stdout.toString(), 'on\n', 'goes on after those')
}

/** A timeout ends the script and what it started, even what does not want to end. */
export async function runTimeoutCases(t: Test, shell: Shell): Promise<void> {
  const mark = 7000 + Math.floor(Math.random() * 1000)
  const script = `echo begun; echo why >&2; sh -c 'trap "" TERM; sleep ${mark}; sleep ${mark}' & sleep ${mark}`
  const started = Date.now()
  await t.rejects(shell.run({ script, timeout: 500, input: Buffer.alloc(500_000) }), {
    code: 'COMMAND_TIMEOUT',
    message: /^Cannot run a command on ".*": it did not end within 0.5 s$/,
    stderr: 'why\n',
    hint: /begun$/,
  })
  t.ok(Date.now() - started < 15_000)
  const left = await shell.run({ script: `ps -eo args | grep '^[s]leep ${mark}'` })
  t.equal(left.stdout.toString(), '', 'nothing of it runs any more')
  t.equal(left.exitCode, 1)
}
