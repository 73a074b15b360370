import type { DriftRecord, Finding } from '../drift/types.js'

/** One line of numbers: `2 findings on 1 of 3 hosts: 1 new, 1 continuing; 1 host unknown`. */
export function driftSummary({ findings, hosts }: DriftRecord): string {
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length
  const open = findings.length - count('resolved')
  const all = Object.values(hosts)
  const drifted = new Set(
    findings.filter(({ state }) => state !== 'resolved').map(({ host }) => host),
  )
  const unknown = all.filter(({ state }) => state === 'unknown').length
  const states = (['new', 'returned', 'continuing', 'resolved'] as const)
    .filter((state) => count(state) > 0)
    .map((state) => `${count(state)} ${state}`)
  const found =
    open === 0
      ? `none on ${plural(all.length, 'host')}`
      : `${plural(open, 'finding')} on ${drifted.size} of ${plural(all.length, 'host')}`
  return [
    states.length === 0 ? found : `${found}: ${states.join(', ')}`,
    ...(unknown === 0 ? [] : [`${plural(unknown, 'host')} unknown`]),
  ].join('; ')
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
