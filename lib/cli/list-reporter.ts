import type { Reporter } from '../report/events.js'

/** For --list-hosts and --list-tasks: prints plays, their hosts and, if asked, their tasks. */
export function listReporter(tasks: boolean): Reporter {
  const told = new Set<string>()
  return {
    event(event) {
      if (event.type === 'play') {
        told.clear()
        process.stdout.write(
          `play "${event.play}" (${event.hosts.length} ${event.hosts.length === 1 ? 'host' : 'hosts'}): ${event.hosts.join(', ')}\n`,
        )
      }
      if (event.type === 'note') process.stderr.write(`${event.text}\n`)
      if (event.type !== 'task' || !tasks || event.status === 'skipped') return
      const line = `  ${event.role === undefined ? '' : `${event.role} : `}${event.task}${event.reason === undefined ? '' : `: ${event.reason}`}`
      if (told.has(line)) return
      told.add(line)
      process.stdout.write(`${line}\n`)
    },
  }
}
