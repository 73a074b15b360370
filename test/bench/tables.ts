import { contestantNames, titles, type ContestantName, type Mode } from './contestants.js'
import {
  cpuPerHost,
  figureOf,
  medianOf,
  roundTripsByDelay,
  runsOf,
  withoutStart,
  type Which,
} from './figures.js'
import { goalsOf, holds } from './goals.js'
import { partNames, type PartName, type Results } from './results.js'

/** The parts of the page that the bench writes, by the name that stands in the page. */
export const tables: Readonly<Record<string, (results: Results) => string>> = {
  machine: ({ machine }) =>
    table(
      ['what', 'it is'],
      Object.entries(machine).map(([name, value]) => [name, value]),
    ),

  load: ({ parts }) =>
    table(
      ['part', 'measured', 'load before', 'processors busy before'],
      partNames.flatMap((name) => {
        const part = parts[name]
        if (!part) return []
        const { date, load, busy } = part
        return [
          [name, `${date.replace('T', ' ')} UTC`, load.toFixed(2), `${(busy * 100).toFixed(0)} %`],
        ]
      }),
    ),

  goals: (results) =>
    table(
      ['what', 'wanted', 'measured', ''],
      goalsOf(results).map((goal) => {
        const { what, unit, least, most, measured } = goal
        const wanted = least === undefined ? `at most ${most}` : `at least ${least}`
        const verdict = holds(goal)
        const word = verdict === undefined ? 'not measured' : verdict ? 'holds' : '**missed**'
        return [what, `${wanted} ${unit}`, Number.isNaN(measured) ? '' : short(measured), word]
      }),
    ),

  start: ({ parts }) =>
    table(
      ['command', 'seconds'],
      Object.entries(parts.start?.figures ?? {}).map(([name, value]) => [name, seconds(value)]),
    ),

  w1: (results) => byMode(results, 'w1', 1, ['first', 'converged', 'check']),

  inside: (results) =>
    table(
      [
        'W1 converged',
        'whole process',
        'without start-up',
        'CPU of the controller',
        'round trips by delay',
        'processes on the host',
      ],
      (['hostwright', 'bare', 'login', 'mitogen', 'ansible'] as const).map((contestant) => {
        const which = { work: 'w1', mode: 'converged', hosts: 1, contestant } as const
        const timed = contestant === 'hostwright' || contestant === 'bare'
        return [
          titles[contestant],
          seconds(medianOf(results, 'w1', which)),
          timed ? seconds(withoutStart(results, contestant)) : '',
          seconds(medianOf(results, 'w1', which, 'cpu')),
          short(roundTripsByDelay(results, contestant)),
          short(figureOf(results, 'processes', contestant)),
        ]
      }),
    ),

  w2: (results) => {
    const sizes = sizesOf(results, 'w2')
    const most = sizes.at(-1) ?? 1
    return table(
      ['W2 converged', ...sizes.map(hosts), 'CPU for one more host'],
      rows(results, 'w2', (contestant) => [
        ...sizes.map((count) =>
          timeOf(results, 'w2', { work: 'w2', mode: 'converged', hosts: count, contestant }),
        ),
        Number.isNaN(cpuPerHost(results, contestant, most))
          ? ''
          : `${(cpuPerHost(results, contestant, most) * 1000).toFixed(1)} ms`,
      ]),
    )
  },

  fleet: (results) =>
    sizesOf(results, 'fleet')
      .map((count) => byMode(results, 'fleet', count, ['first', 'converged']))
      .join('\n\n'),

  resources: (results) => {
    const works = { w2: 10, w1: 100, w1x3: 300, w1x10: 1000 } as const
    return table(
      ['converged, one host', ...Object.values(works).map((count) => `${count} resources`)],
      rows(results, 'resources', (contestant) =>
        (Object.keys(works) as (keyof typeof works)[]).map((work) =>
          timeOf(results, 'resources', { work, mode: 'converged', hosts: 1, contestant }),
        ),
      ),
    )
  },

  latency: (results) => {
    const delays = delaysOf(results)
    return table(
      ['W1 converged, one host', ...delays.map((delay) => `${delay} ms each way`), 'round trips'],
      rows(results, 'latency', (contestant) => [
        ...delays.map((delay) =>
          timeOf(results, 'latency', {
            work: 'w1',
            mode: 'converged',
            hosts: 1,
            contestant,
            delay,
          }),
        ),
        short(roundTripsByDelay(results, contestant)),
      ]),
    )
  },

  simulated: (results) => {
    const row = (count: number, contestant: ContestantName, mode: Mode) => {
      const which = { work: 'w2', mode, hosts: count, contestant } as const
      if (runsOf(results, 'simulated', which).length === 0) return []
      const cpu = medianOf(results, 'simulated', which, 'cpu')
      const memory = medianOf(results, 'simulated', which, 'memory')
      const time = timeOf(results, 'simulated', which)
      return [[`${count}`, titles[contestant], mode, time, seconds(cpu), `${memory.toFixed(0)} MB`]]
    }
    return table(
      ['hosts', '', 'W2', 'seconds', 'CPU of the controller', 'its memory'],
      sizesOf(results, 'simulated').flatMap((count) => [
        ...row(count, 'hostwright', 'first'),
        ...row(count, 'hostwright', 'converged'),
        ...row(count, 'bare', 'converged'),
      ]),
    )
  },

  w3: ({ parts }) =>
    table(
      ['site.ts on inventories/lab', 'median'],
      Object.entries(parts.w3?.figures ?? {}).map(([name, value]) => [name, short(value)]),
    ),
}

/** The numbers of hosts that a part was measured on, the fewest first. */
export function sizesOf({ parts }: Results, part: PartName): readonly number[] {
  return [...new Set(parts[part]?.cells.map((cell) => cell.hosts))].toSorted((a, b) => a - b)
}

/** The delays that were measured, in milliseconds each way. */
export function delaysOf({ parts }: Results): readonly number[] {
  return [...new Set(parts.latency?.cells.map(({ delay = 0 }) => delay))]
}

/** W1 in several modes, with how many times as long as Hostwright it took. */
function byMode(results: Results, part: PartName, count: number, modes: readonly Mode[]): string {
  return table(
    [`W1 on ${hosts(count)}`, ...modes],
    rows(results, part, (contestant) =>
      modes.map((mode) => {
        const which = { work: 'w1', mode, hosts: count, contestant } as const
        const time = timeOf(results, part, which)
        const own = medianOf(results, part, { ...which, contestant: 'hostwright' })
        const ratio = medianOf(results, part, which) / own
        return time === '' || contestant === 'hostwright' ? time : `${time}, ${short(ratio)} ×`
      }),
    ),
  )
}

/** A row for each contestant that took part. */
function rows(
  { parts }: Results,
  part: PartName,
  cellsOf: (contestant: ContestantName) => readonly string[],
): readonly (readonly string[])[] {
  const present = new Set(parts[part]?.cells.map(({ contestant }) => contestant))
  return contestantNames
    .filter((name) => present.has(name))
    .map((name) => [titles[name], ...cellsOf(name)])
}

/** A median in seconds, with the number of runs where that is not five. */
function timeOf(results: Results, part: PartName, which: Which): string {
  const { length } = runsOf(results, part, which)
  if (length === 0) return ''
  const runs = length === 5 ? '' : ` (${length === 1 ? 'one run' : `${length} runs`})`
  return seconds(medianOf(results, part, which)) + runs
}

function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`
}

function seconds(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(value < 10 ? 2 : 1)
}

function short(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(Math.abs(value) < 100 ? 1 : 0)
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  if (body.length === 0) return 'Not measured.'
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_, at) => (at === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...body.map(line)].join('\n')
}
