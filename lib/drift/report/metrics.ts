import { inventoryName } from '../../report/drift-title.js'
import type { DriftRecord } from '../types.js'

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * Metrics for the text-file collector of Prometheus' node exporter.
 *
 * @param present what the file has: the samples of other playbooks and inventories stay
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function driftMetrics(record: DriftRecord, present = ''): string {
  const { time, duration, exitCode, hosts, findings, unseen = [] } = record
  // An alert does not end because the next check looks at something else.
  const open = [...findings.filter(({ state }) => state !== 'resolved'), ...unseen]
  const states = ['clean', 'drift', 'unknown'].map((state) => ({
    labels: { state },
    value: Object.values(hosts).filter((host) => host.state === state).length,
  }))
  // A role without findings has a sample too, so that its series does not end when they do.
  const roles = new Set(Object.values(hosts).flatMap(({ tasks }) => Object.keys(tasks)))
  for (const { role = '' } of open) roles.add(role)
  const byRole = [...roles].map((role) => ({
    labels: { role },
    value: open.filter((finding) => (finding.role ?? '') === role).length,
  }))
  const own = { playbook: record.playbook, inventory: inventoryName(record) }
  const others = othersOf(present, labelled(own))
  const metric = (name: string, help: string, samples: readonly Sample[]) => [
    `# HELP hostwright_drift_${name} ${help}`,
    `# TYPE hostwright_drift_${name} gauge`,
    ...samples.map(
      ({ labels = {}, value }) =>
        `hostwright_drift_${name}{${labelled({ ...own, ...labels })}} ${value}`,
    ),
    // All samples of a metric stand together.
    ...others.filter((line) => line.startsWith(`hostwright_drift_${name}{`)),
  ]
  return [
    ...metric('last_run_timestamp_seconds', 'When the last drift check began.', [
      { value: Date.parse(time) / 1000 },
    ]),
    ...metric('duration_seconds', 'How long the last drift check took.', [
      { value: duration / 1000 },
    ]),
    ...metric('exit_code', '0 no drift, 2 drift, 1 something kept the check from knowing.', [
      { value: exitCode },
    ]),
    ...metric('hosts', 'Hosts by state.', states),
    ...metric('findings', 'Open findings by role, those not looked at included.', byRole),
    ...metric('unseen_findings', 'Open findings that the last drift check has not looked at.', [
      { value: unseen.length },
    ]),
    '',
  ].join('\n')
}

/** Lines of an earlier version, which did not name the inventory, are not kept. */
function othersOf(present: string, own: string): readonly string[] {
  return present.split('\n').filter((line) => {
    const found = /\{(playbook="(?:[^"\\]|\\.)*",inventory="(?:[^"\\]|\\.)*")/.exec(line)
    return found !== null && found[1] !== own
  })
}

function labelled(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',')
}
