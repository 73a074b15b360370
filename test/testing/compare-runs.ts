import t from 'tap'
import type { TaskEvent, TaskStatus } from '../../lib/report/events.js'
import { untruths } from '../../lib/testing/compare-runs.js'

/** `TASK STATUS [TO]`, on host one. */
function tasks(...lines: readonly string[]): readonly TaskEvent[] {
  return lines.map((line) => {
    const [task = '', status, to] = line.split(' ')
    const changes = to === undefined ? [] : [{ property: 'content', from: 'absent', to }]
    const about = { host: 'one', task: task.replaceAll('_', ' '), changes, duration: 0 }
    return { type: 'task', time: '', ...about, status: status as TaskStatus }
  })
}

t.test('untruths() finds what check mode did not tell', async (t) => {
  const cases = [
    ['all told', ['a changed x', 'b ok'], ['a changed x', 'b ok'], []],
    ['unknown may come either way', ['a unknown', 'b unknown'], ['a changed x', 'b ok'], []],
    ['what comes after an unknown role', ['rest_of_role unknown'], ['c changed x'], []],
    [
      'not made',
      ['a changed x'],
      ['a ok'],
      ['planned, and not made: a on one (content: absent → x)'],
    ],
    [
      'not planned',
      ['a ok'],
      ['a changed x'],
      ['made, and not planned: a on one (content: absent → x)'],
    ],
    [
      'made otherwise',
      ['a changed x'],
      ['a changed y'],
      [
        'planned, and not made: a on one (content: absent → x)',
        'made, and not planned: a on one (content: absent → y)',
      ],
    ],
    [
      'made more often',
      ['a changed x'],
      ['a changed x', 'a changed x'],
      ['made, and not planned: a on one (content: absent → x)'],
    ],
  ] as const
  for (const [name, check, run, expected] of cases)
    t.same(untruths(tasks(...check), tasks(...run)), expected, name)
})
