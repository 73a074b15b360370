import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import t from 'tap'
import { quoteBytes } from '../../lib/core/quote-bytes.js'
import { quote } from '../../lib/core/quote.js'

const shells = ['dash', 'bash']

const hostile = [
  '',
  ' ',
  '\n',
  '\n\n',
  'ends in newlines\n\n\n',
  "it's",
  "''",
  "'\\''",
  '"double"',
  '$HOME ${HOME} $(id) `id`',
  "$'\\n'",
  '\\',
  '\\n\\0101',
  '%s%d%%',
  '!event !!',
  '~ ~root',
  '* ? [a-z] {a,b}',
  '-n',
  '-e',
  '--',
  '# comment',
  'a;b&c|d<e>f(g)h',
  '\t\r\u000b\u0001\u007f\u0081',
  'Grüße, 世界 🌍\ufeff',
  '\ufeffbyte order mark',
]

/** What a shell makes of words: each comes back with its length before it, so that none can run over. */
function words(shell: string, quoted: readonly string[]): Buffer[] {
  const script = `LC_ALL=C; for word in ${quoted.join(' ')}; do printf '%s:%s' "\${#word}" "$word"; done`
  const output = execFileSync(shell, { input: script, maxBuffer: 1e8 })
  const found: Buffer[] = []
  for (let at = 0; at < output.length;) {
    const colon = output.indexOf(':', at)
    const length = Number(output.toString('latin1', at, colon))
    found.push(output.subarray(colon + 1, colon + 1 + length))
    at = colon + 1 + length
  }
  return found
}

for (const shell of shells) {
  t.test(`quote() gives ${shell} every text as one word`, async (t) => {
    const found = words(shell, hostile.map(quote))
    t.same(
      found.map((word) => word.toString()),
      hostile,
    )
    const text = fc.array(
      fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0')),
      {
        minLength: 50,
        maxLength: 200,
      },
    )
    fc.assert(
      fc.property(text, (texts) => {
        t.same(
          words(shell, texts.map(quote)).map((word) => word.toString()),
          texts.map((each) => Buffer.from(each).toString()),
        )
      }),
      { numRuns: 10 },
    )
  })

  t.test(`quoteBytes() gives ${shell} all bytes as one word`, async (t) => {
    const all = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1))
    const given = [all, Buffer.from([0xff, 10, 10]), Buffer.from([10, 0xc3, 0x28, 32]), ...hostile]
    const bytes = given.map((each) => Buffer.from(each as string))
    t.same(words(shell, bytes.map(quoteBytes)), bytes)
  })
}

t.test('quote() and quoteBytes() refuse a NUL', async (t) => {
  t.throws(() => quote('a\0b'), RangeError)
  t.throws(() => quoteBytes(Buffer.from('a\0b')), RangeError)
  t.throws(() => quoteBytes(Buffer.from([0xff, 0])), RangeError)
})
