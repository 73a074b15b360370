import { barChart, lineChart } from './chart.js'
import { contestantNames, titles, type ContestantName } from './contestants.js'
import { medianOf, type Which } from './figures.js'
import type { PartName, Results } from './results.js'
import { delaysOf, sizesOf } from './tables.js'

/** The plots of the page, by what stands in their file's name. */
export const plots: Readonly<Record<string, (results: Results) => string>> = {
  work: (results) =>
    barChart({
      title: 'W1 converged on one host: 100 resources, nothing to do',
      unit: 's',
      bars: contestantNames.flatMap((contestant) => {
        const which = { work: 'w1', mode: 'converged', hosts: 1, contestant } as const
        const value = medianOf(results, 'w1', which)
        return Number.isNaN(value) ? [] : [{ kind: contestant, label: titles[contestant], value }]
      }),
    }),

  hosts: (results) =>
    lineChart({
      title: 'W2 converged: how the time grows with hosts',
      x: { label: 'hosts', logarithmic: true, ticks: sizesOf(results, 'w2') },
      y: { label: 'seconds, whole process', logarithmic: true },
      lines: lines(results, 'w2', sizesOf(results, 'w2'), (hosts) => {
        return { work: 'w2', mode: 'converged', hosts }
      }),
    }),

  resources: (results) => {
    const works = { 10: 'w2', 100: 'w1', 300: 'w1x3', 1000: 'w1x10' } as const
    const counts = [10, 100, 300, 1000] as const
    return lineChart({
      title: 'Converged on one host: how the time grows with resources',
      x: { label: 'resources', ticks: counts },
      y: { label: 'seconds, whole process' },
      lines: lines(results, 'resources', counts, (count) => {
        return { work: works[count], mode: 'converged', hosts: 1 }
      }),
    })
  },

  latency: (results) =>
    lineChart({
      title: 'W1 converged on one host: how the time grows with latency',
      x: { label: 'milliseconds, each way', ticks: delaysOf(results) },
      y: { label: 'seconds, whole process' },
      lines: lines(results, 'latency', delaysOf(results), (delay) => {
        return { work: 'w1', mode: 'converged', hosts: 1, delay }
      }),
    }),

  simulated: (results) =>
    lineChart({
      title: 'W2 converged on simulated hosts: time',
      x: { label: 'hosts', ticks: sizesOf(results, 'simulated') },
      y: { label: 'seconds, whole process' },
      lines: lines(results, 'simulated', sizesOf(results, 'simulated'), (hosts) => {
        return { work: 'w2', mode: 'converged', hosts }
      }),
    }),

  memory: (results) =>
    lineChart({
      title: 'W2 converged on simulated hosts: memory of the controller',
      x: { label: 'hosts', ticks: sizesOf(results, 'simulated') },
      y: { label: 'megabytes at most' },
      lines: lines(
        results,
        'simulated',
        sizesOf(results, 'simulated'),
        (hosts) => ({ work: 'w2', mode: 'converged', hosts }),
        'memory',
      ),
    }),
}

function lines<X extends number>(
  results: Results,
  part: PartName,
  xs: readonly X[],
  which: (x: X) => Omit<Which, 'contestant'>,
  figure: 'seconds' | 'memory' = 'seconds',
) {
  const pointsOf = (contestant: ContestantName) =>
    xs
      .map((x) => [x, medianOf(results, part, { ...which(x), contestant }, figure)] as const)
      .filter(([, value]) => !Number.isNaN(value))
  return contestantNames
    .map((kind) => ({ kind, label: short[kind], points: pointsOf(kind) }))
    .filter(({ points }) => points.length > 0)
}

const short: Readonly<Record<ContestantName, string>> = {
  hostwright: 'Hostwright',
  ansible: 'ansible-core, pipelining',
  mitogen: 'ansible-core, Mitogen',
  bare: 'bare ssh2 script',
  login: 'ssh2 login alone',
}
