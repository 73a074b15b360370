import type { Reporter } from '../events.js'
import { sink } from '../sink.js'
import { createActivities } from './activities.js'
import { createCheckTable } from './check-table.js'
import { eventLines, type View } from './event-lines.js'
import { liveLines } from './live-lines.js'
import { isTerminal, paint, wantsColour } from './paint.js'
import { createScreen, type TerminalStream } from './screen.js'
import { stillRunning } from './still-running.js'

export interface ConsoleOptions {
  /** @default process.stdout */
  readonly stream?: TerminalStream
  /** Whether the stream is a terminal to draw on. @default whether it is one, and TERM is not dumb */
  readonly tty?: boolean
  /**
   * 0 shows changes and failures; 1 also ok, skipped and facts; 2 the output of commands as it
   * comes; 3 places. @default 0
   */
  readonly verbosity?: number
  /** Whether texts are shown line by line. @default false */
  readonly diff?: boolean
  /** @default by FORCE_COLOR, NO_COLOR and `tty` */
  readonly color?: boolean
}

/** Milliseconds between two looks at what the hosts do. */
const pace = { terminal: 100, plain: 1000 }

/**
 * Shows a run to people, its checks in a table at the end: on a terminal with one live line per host below what has happened,
 * elsewhere in plain lines, with a word about every task that takes longer than ten seconds.
 */
export function consoleReporter(options: ConsoleOptions = {}): Reporter {
  const stream = options.stream ?? process.stdout
  const tty = options.tty ?? isTerminal(stream)
  const view: View = {
    verbosity: options.verbosity ?? 0,
    diff: options.diff ?? false,
    check: false,
    paint: paint(options.color ?? wantsColour(tty)),
  }
  return tty ? terminalReporter(stream, view) : plainReporter(stream, view)
}

function terminalReporter(stream: TerminalStream, first: View): Reporter {
  const others = stream === process.stdout && process.stderr.isTTY ? [process.stderr] : []
  const screen = createScreen(stream, others)
  const activities = createActivities(Date.now)
  const table = createCheckTable()
  let view = first
  const refresh = () =>
    screen.show(liveLines(activities.all(), screen.size(), Date.now(), view.paint))
  const timer = every(pace.terminal, refresh)
  return {
    event(event) {
      if (event.type === 'run') view = { ...view, check: event.check }
      activities.event(event)
      if (event.type === 'recap') refresh()
      screen.print([...table(event, view.paint), ...eventLines(event, view)])
    },
    close() {
      clearInterval(timer)
      screen.close()
    },
  }
}

function plainReporter(stream: TerminalStream, first: View): Reporter {
  const { write } = sink(stream)
  const activities = createActivities(Date.now)
  const table = createCheckTable()
  let view = first
  const print = (lines: readonly string[]) => {
    if (lines.length > 0) write(`${lines.join('\n')}\n`)
  }
  const look = stillRunning()
  const timer = every(pace.plain, () => print(look(activities.all(), Date.now())))
  return {
    event(event) {
      if (event.type === 'run') view = { ...view, check: event.check }
      activities.event(event)
      print([...table(event, view.paint), ...eventLines(event, view)])
    },
    close: () => clearInterval(timer),
  }
}

/** Does not keep the process alive. A stream that broke is told of when the next event comes. */
function every(milliseconds: number, action: () => void): NodeJS.Timeout {
  return setInterval(() => {
    try {
      action()
    } catch {
      // The sink throws the same error again at the next event, where it is told.
    }
  }, milliseconds).unref()
}
