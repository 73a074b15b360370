import type { DriftRecord, Finding } from '../drift/types.js'

/**
 * One line of numbers: `2 findings on 1 of 3 hosts: 1 new, 1 continuing; 1 host unknown`. What an
 * earlier check has found and this one has not looked at is no part of the first number.
 */
export function driftSummary({ findings, unseen = [], hosts, failure }: DriftRecord): string {
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
  const known = all.length - unknown
  const found =
    open === 0
      ? `none on ${plural(known, unknown === 0 ? 'host' : 'known host')}`
      : `${plural(open, 'finding')} on ${drifted.size} of ${plural(all.length, 'host')}`
  const isNothing = states.length === 0 && known === 0 && (unknown > 0 || failure !== undefined)
  return [
    ...(failure === undefined ? [] : ['the check failed']),
    ...(isNothing ? [] : [states.length === 0 ? found : `${found}: ${states.join(', ')}`]),
    ...(unknown === 0 ? [] : [`${plural(unknown, 'host')} unknown`]),
    ...(unseen.length === 0 ? [] : [`${plural(unseen.length, 'earlier finding')} not looked at`]),
  ].join('; ')
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
