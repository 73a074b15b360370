import t from 'tap'
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cachedFile } from '../../lib/core/cached-file.js'
import { tempFolder } from '../fixtures/run.js'

t.test('cachedFile() makes something of a file once, until the file changes', async (t) => {
  const path = join(await tempFolder(t), 'file')
  let made = 0
  const read = cachedFile((bytes) => {
    made += 1
    if (bytes.toString() === 'bad') throw new Error('bad')
    return bytes.toString()
  })
  const seen = (wanted: string, times: number, what: string) => {
    made = 0
    t.strictSame([read(path), read(path), made], [wanted, wanted, times], what)
  }
  t.throws(() => read(path), { code: 'ENOENT' })
  writeFileSync(path, 'one')
  seen('one', 2, 'what has just been written may change again unnoticed')
  writeFileSync(path, 'two')
  seen('two', 2, 'as here, within a tick of the clock and with the same size')
  await sleep(150)
  seen('two', 1, 'later it is kept')
  seen('two', 0, 'for good')
  writeFileSync(`${path}.new`, 'six')
  utimesSync(`${path}.new`, new Date(0), new Date(0))
  renameSync(`${path}.new`, path)
  t.equal(read(path), 'six', 'another file takes its place, with an older time')
  writeFileSync(path, 'bad')
  for (const time of [1, 2]) t.throws(() => read(path), { message: 'bad' }, `anew, time ${time}`)
  rmSync(path)
  t.throws(() => read(path), { code: 'ENOENT' })
})
