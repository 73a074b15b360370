import t from 'tap'
import { frameReader } from '../../lib/connection/frames.js'

const mark = '\u0001mark'

/** Reads two replies from a stream that arrives in pieces of a size. */
async function read(
  stream: Buffer,
  size: number,
): Promise<{ bodies: string[]; statuses: number[] }> {
  const reader = frameReader(mark)
  const bodies: string[] = []
  const statuses: number[] = []
  let at = 0
  for (const number of [1, 2]) {
    let body = ''
    const done = reader.expect(number, (chunk) => {
      body += chunk.toString('latin1')
    })
    void done.then((status) => statuses.push(status))
    while (statuses.length < number && at < stream.length) {
      reader.push(stream.subarray(at, at + size))
      at += size
      await Promise.resolve()
      await Promise.resolve()
    }
    await done
    bodies.push(body)
  }
  return { bodies, statuses }
}

t.test('frameReader() finds the replies however the stream is cut', async (t) => {
  const first = `${mark}:1:begi${mark}:1:en\n${mark}${mark}:2:begin\n\0\xff${mark}:1:en`
  const filler = 'noise'.repeat(20)
  const stream = Buffer.from(
    `${filler}${mark}:0:end:9\n${mark}:1:begin\n${first}${mark}:1:end:130\n` +
      `${' '.repeat(80)}stray ${mark}:2:begin\n${mark}:2:end:0\nrest`,
    'latin1',
  )
  for (let size = 1; size <= 80; size++)
    t.same(
      await read(stream, size),
      { bodies: [first, ''], statuses: [130, 0] },
      `pieces of ${size}`,
    )
})

t.test('frameReader() hands bytes on as soon as they cannot be a marker', async (t) => {
  const reader = frameReader(mark)
  const found: string[] = []
  const done = reader.expect(1, (chunk) => found.push(chunk.toString()))
  reader.push(Buffer.from(`${mark}:1:begin\nabc`))
  t.same(found, ['abc'])
  reader.push(Buffer.from(`def${mark}`))
  t.same(found, ['abc', 'def'])
  reader.push(Buffer.from('!'))
  t.same(found, ['abc', 'def', `${mark}!`])
  reader.push(Buffer.from(`${mark}:1:end:0\n`))
  t.equal(await done, 0)
})
