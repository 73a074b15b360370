import * as fc from 'fast-check'
import t from 'tap'
import { parseAddress } from '../../lib/inventory/address.js'
import { parseLiteral } from '../../lib/inventory/literal.js'
import { nearMisses } from '../../lib/inventory/near-misses.js'
import { expandRange } from '../../lib/inventory/range.js'
import { readYaml } from '../../lib/inventory/read-yaml.js'
import { splitWords } from '../../lib/inventory/shell-words.js'

t.test('parseLiteral() reads what ast.literal_eval of Python 3.11 reads', (t) => {
  const literals: readonly (readonly [text: string, value: unknown])[] = [
    ['5', 5],
    ['5 # c', 5],
    ['0x10', 16],
    ['0o17', 15],
    ['0b11', 3],
    ['00', 0],
    ['1_000', 1000],
    ['1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['- 5', -5],
    ['True', true],
    ['None', null],
    ["'5'", '5'],
    [`"'5'"`, "'5'"],
    [`'a' "b"`, 'ab'],
    [String.raw`'\n\x41\u0041\101\q'`, 'AAA\\q'.replace(/^/, '\n')],
    [String.raw`r'\n'`, '\\n'],
    ["b'x'", 'x'],
    ["'''a'b'''", "a'b"],
    ["''", ''],
    ['80,443', [80, 443]],
    ['1,', [1]],
    ['()', []],
    ['(1)', 1],
    ['(1,)', [1]],
    ["[1, 'a', None,]", [1, 'a', null]],
    ["{'a': {'b': (1, 2)}, 1: None}", { a: { b: [1, 2] }, 1: null }],
  ]
  for (const [text, value] of literals) t.strictSame(parseLiteral(text), { value }, text)
  const others =
    "true 0644 07 1__0 1e 1_ --5 -True 1+2 1j 1.1.1.1,8.8.8.8 foo [,] {1,2} {1:2 'a 1.2.3 -[1] 1if nan 5,,6 # \\ b'x'\"y\""
  for (const text of others.split(' '))
    t.equal(parseLiteral(text), undefined, `${text} is a string`)
  t.equal(parseLiteral(''), undefined)
  t.equal(
    parseLiteral('12345678901234567890'),
    undefined,
    'digits that a number cannot hold stay a string',
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: true }), (value) => {
        const json = JSON.stringify(value)
        fc.pre(!/(?<![.\d])\d{16,}(?![.\de])/.test(json))
        const python = json.replaceAll(
          /"(?:[^"\\]|\\.)*"|true|false|null/g,
          (token) => ({ true: 'True', false: 'False', null: 'None' })[token] ?? token,
        )
        const read = parseLiteral(python)
        return read !== undefined && JSON.stringify(read.value) === json
      }),
    ),
  )
  t.end()
})

t.test('scalars are read as PyYAML 6.0 reads them', async (t) => {
  const scalars: readonly (readonly [text: string, value: unknown])[] = [
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['tRUE', 'tRUE'],
    ['~', null],
    ['nULL', 'nULL'],
    ['', null],
    ['010', 8],
    ['0644', 420],
    ['08', '08'],
    ['0o17', '0o17'],
    ['0x1F', 31],
    ['-0x1f', -31],
    ['0b101', 5],
    ['1_000', 1000],
    ['1:30', 90],
    ['190:20:30', 685230],
    ['01:30', '01:30'],
    ['1:60', '1:60'],
    ['1:30.5', 90.5],
    ['1e3', '1e3'],
    ['1.5e3', '1.5e3'],
    ['1.5e+3', 1500],
    ['.5', 0.5],
    ['-.5', '-.5'],
    ['1.', 1],
    ['.inf', Infinity],
    ['inf', 'inf'],
    ['1.2.3', '1.2.3'],
    ['2001-01-01', '2001-01-01'],
    ['=', '='],
    ['"5"', '5'],
    ['!!str yes', 'yes'],
    ['!!float 1', 1],
    ['9007199254740993', '9007199254740993'],
  ]
  for (const [text, value] of scalars) {
    const source = {
      file: 'x.yml',
      text: `a: ${text}`,
      vaulted: false,
      password: () => Promise.resolve(''),
    }
    const document = await readYaml(source, 'VARIABLE_INVALID', 'read variables')
    t.strictSame(document.value, { a: value }, text)
  }
})

t.test('splitWords() splits as shlex of Python does', (t) => {
  const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
    ['', []],
    [' a  b\tc ', ['a', 'b', 'c']],
    [`a="b c" d='e f'`, ['a=b c', 'd=e f']],
    [`a=b#c d`, ['a=b']],
    [`a="b#c" # d`, ['a=b#c']],
    [`a=""`, ['a=']],
    [`''`, ['']],
    [String.raw`a\ b "c\"d" 'e\f' "g\h"`, ['a b', 'c"d', 'e\\f', 'g\\h']],
    [`it''s`, ['its']],
  ]
  for (const [line, words] of lines) t.strictSame(splitWords(line), words, line)
  t.throws(() => splitWords('a "b'), SyntaxError)
  t.throws(() => splitWords('a\\'), SyntaxError)
  t.end()
})

t.test('expandRange() expands', (t) => {
  const ranges: readonly (readonly [name: string, names: string])[] = [
    ['plain', 'plain'],
    ['w[1:3]', 'w1 w2 w3'],
    ['w[01:10:3]x', 'w01x w04x w07x w10x'],
    ['w[:2]', 'w0 w1 w2'],
    ['w[a:c]', 'wa wb wc'],
    ['w[y:B]', 'wy wz wA wB'],
    ['[1:2]-[a:b]', '1-a 1-b 2-a 2-b'],
    ['w[5:5]', 'w5'],
    ['w[9:11]', 'w9 w10 w11'],
  ]
  for (const [name, names] of ranges) t.equal(expandRange(name).join(' '), names, name)
  for (const name of [
    'w[1:]',
    'w[3:1]',
    'w[1]',
    'w[1:2',
    'w[a:1]',
    'w[1:b]',
    'w[ab:cd]',
    'w[c:a]',
    'w[01:100]',
    'w[1:3:0]',
    'w[1:2:3:4]',
    'w[-1:2]',
  ])
    t.throws(() => expandRange(name), RangeError, name)
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.nat(60),
        fc.integer({ min: 1, max: 7 }),
        (first, length, step) => {
          const names = expandRange(`h[${first}:${first + length}:${step}]`)
          return (
            names.length === Math.floor(length / step) + 1 &&
            names.every((name, index) => name === `h${first + index * step}`)
          )
        },
      ),
    ),
  )
  t.end()
})

t.test('parseAddress() takes hosts and ports apart', (t) => {
  const addresses: readonly (readonly [text: string, host?: string, port?: number])[] = [
    ['web', 'web'],
    ['web:22', 'web', 22],
    ['web_1.example.com:22', 'web_1.example.com', 22],
    ['192.0.2.1:22', '192.0.2.1', 22],
    ['[::1]:22', '::1', 22],
    ['::1', '::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:db8::[a:f]', '2001:db8::[a:f]'],
    ['web[1:3]:22', 'web[1:3]', 22],
    ['münchen', 'münchen'],
    ['web:db'],
    ['web-'],
    ['a b'],
    ['web[1-3]'],
    [''],
  ]
  for (const [text, host, port] of addresses)
    t.strictSame(parseAddress(text), host === undefined ? undefined : { host, port }, text)
  t.end()
})

t.test('nearMisses() finds what was meant', (t) => {
  const names = ['all', 'web', 'db', 'alma9-c1', 'alma9-c2']
  t.strictSame(nearMisses('wbe', names), ['web'])
  t.strictSame(nearMisses('alma9-c', names), ['alma9-c1', 'alma9-c2'])
  t.strictSame(nearMisses('Web', names), ['web'])
  t.strictSame(nearMisses('frontend', names), [])
  t.end()
})
