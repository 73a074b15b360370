import { createTwoFilesPatch } from 'diff'
import { driftSummary } from '../../report/drift-summary.js'
import { driftTitle } from '../../report/drift-title.js'
import { plainText } from '../../report/text.js'
import type { DriftRecord, Finding } from '../types.js'
import { changeText } from './change-text.js'

/** Lines of a difference, and findings, that are shown: a comment on a pull request has an end. */
const most = { lines: 60, findings: 200 }

/** A report for a pull request, in GitHub's and GitLab's Markdown. */
export function driftMarkdown(record: DriftRecord): string {
  const { time, hosts, findings, unseen = [], failure } = record
  const unknown = Object.entries(hosts).filter(([, { state }]) => state === 'unknown')
  const shown = findings.slice(0, most.findings)
  const lines = [
    `## Drift: ${cell(driftTitle(record))}`,
    '',
    `${driftSummary(record)} (checked ${time})`,
    ...(failure === undefined ? [] : ['', `The check failed: ${cell(failure)}`]),
    ...(unknown.length === 0
      ? []
      : [
          '',
          '| unknown host | why |',
          '|---|---|',
          ...unknown.map(([host, { reason = '' }]) => row([host, reason])),
        ]),
    ...(shown.length === 0
      ? []
      : [
          '',
          '| host | finding | on the host → in the playbook | state | changed | since |',
          '|---|---|---|---|---|---|',
          ...shown.map(findingRow),
        ]),
    ...(findings.length > shown.length ? ['', `… and ${findings.length - shown.length} more`] : []),
    ...(unseen.length === 0
      ? []
      : [
          '',
          '| host | earlier finding, not looked at | since |',
          '|---|---|---|',
          ...unseen
            .slice(0, most.findings)
            .map((finding) => row([finding.host, nameOf(finding), finding.since])),
        ]),
    ...shown.flatMap(details),
  ]
  return `${lines.join('\n')}\n`
}

function findingRow(finding: Finding): string {
  const { host, state, side, since } = finding
  return row([host, nameOf(finding), changeText(finding), state, side, since])
}

function nameOf({ role, task }: Finding): string {
  return role === undefined ? task : `${role}: ${task}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`
}

/** Nothing of a host's texts may be markup, or end the cell. */
function cell(text: string): string {
  return plainText(text)
    .replaceAll(/[\\`*_{}[\]<>()#+!|~@&]/g, (character) => `&#${character.codePointAt(0)};`)
    .replaceAll(/\s+/g, ' ')
}

/** The difference, and what the host tells, folded. */
function details(finding: Finding): readonly string[] {
  const { host, task, before, after, evidence = [] } = finding
  const differs = before !== undefined && after !== undefined && before !== after
  if (!differs && evidence.length === 0) return []
  return [
    '',
    `<details><summary>${cell(`${host}: ${task}`)}</summary>`,
    '',
    ...evidence.map((text) => `- ${cell(text)}`),
    ...(differs ? ['', ...fenced(patch(before, after))] : []),
    '',
    '</details>',
  ]
}

function patch(before: string, after: string): string {
  const text = createTwoFilesPatch('host', 'playbook', before, after, '', '', {
    context: 3,
    timeout: 500,
  }) as string | undefined
  const lines = plainText(text ?? 'too different to show')
    .trimEnd()
    .split('\n')
  const kept = lines.filter((line) => !/^={5,}$/.test(line))
  return kept.length <= most.lines
    ? kept.join('\n')
    : [...kept.slice(0, most.lines), `… ${kept.length - most.lines} more lines`].join('\n')
}

/** A fence longer than any in the text. */
function fenced(text: string): readonly string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}diff`, text, fence]
}
