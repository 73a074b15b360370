import type { Change, HostwrightEvent, TaskEvent } from '../report/events.js'

/**
 * Where check mode did not tell what the run on the same hosts then did. What it called *unknown* may
 * have come either way.
 */
export function untruths(
  check: readonly HostwrightEvent[],
  run: readonly HostwrightEvent[],
): readonly string[] {
  const planned = tasksOf(check)
  const made = tasksOf(run)
  const isOpen = (task: TaskEvent): boolean =>
    planned.some(
      (one) =>
        one.host === task.host &&
        one.status === 'unknown' &&
        // A role or play that could not be gone through to its end.
        (one.task === task.task || one.task.startsWith('rest of ')),
    )
  return [
    ...left(planned, made).map((task) => `planned, and not made: ${tell(task)}`),
    ...left(made, planned)
      .filter((task) => !isOpen(task))
      .map((task) => `made, and not planned: ${tell(task)}`),
  ]
}

function tasksOf(events: readonly HostwrightEvent[]): readonly TaskEvent[] {
  return events.filter((event): event is TaskEvent => event.type === 'task')
}

/** The changes of one run that the other does not have; what it has once, it has for one of them. */
function left(tasks: readonly TaskEvent[], others: readonly TaskEvent[]): readonly TaskEvent[] {
  const counts = new Map<string, number>()
  for (const task of others.filter(isChange))
    counts.set(tell(task), (counts.get(tell(task)) ?? 0) + 1)
  return tasks.filter(isChange).filter((task) => {
    const count = counts.get(tell(task)) ?? 0
    counts.set(tell(task), count - 1)
    return count <= 0
  })
}

function isChange({ status }: TaskEvent): boolean {
  return status === 'changed'
}

function tell({ host, task, changes }: TaskEvent): string {
  return `${task} on ${host} (${changes.map(tellChange).join(', ')})`
}

function tellChange({ property, from, to }: Change): string {
  return `${property}: ${from} → ${to}`
}
