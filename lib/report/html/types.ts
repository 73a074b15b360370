/** A piece of two texts side by side; each line begins with a blank, `+`, `-` or `\`. */
export interface PageHunk {
  /** The first line's number in the text before, and in the text after. */
  readonly before: number
  readonly after: number
  readonly lines: readonly string[]
}

export interface PageDiff {
  readonly added: number
  readonly removed: number
  readonly hunks: readonly PageHunk[]
  /** What is not shown, and why. */
  readonly note?: string
}

export interface PageChange {
  readonly property: string
  readonly from: string
  readonly to: string
  /** Its place in the page's `diffs`, where whole texts are known. */
  readonly diff?: number
}

export interface PageError {
  readonly code?: string
  readonly message: string
  /** Name and value of all else that is known, the hint left out. */
  readonly details: readonly (readonly [string, string])[]
  readonly stderr?: string
  readonly hint?: string
  readonly cause?: PageError
}

/** One line of a page's list: a task, a check, or a finding. */
export interface PageItem {
  readonly host: string
  /** Empty for none. */
  readonly role: string
  readonly title: string
  readonly kind: 'task' | 'handler' | 'check' | 'finding'
  /** A task's status, or a finding's state; `unseen`: open, and not looked at by the newest check. */
  readonly status: string
  readonly changes: readonly PageChange[]
  readonly place?: string
  readonly reason?: string
  readonly error?: PageError
  /** Milliseconds. */
  readonly duration?: number
  readonly side?: string
  /** ISO 8601, UTC. */
  readonly since?: string
  readonly evidence?: readonly string[]
}

/** A time in which a host was busy. */
export interface PageBar {
  /** Milliseconds from the run's begin. */
  readonly from: number
  readonly to: number
  readonly title: string
  readonly status: string
}

export interface PageHost {
  readonly name: string
  readonly state: string
  readonly reason?: string
  readonly roundTrips: number
}

export interface RunHost extends PageHost {
  readonly ok: number
  readonly changed: number
  readonly failed: number
  readonly skipped: number
  readonly unknown: number
  readonly bars: readonly PageBar[]
}

export interface RunPage {
  readonly kind: 'run'
  readonly title: string
  readonly run: string
  readonly check: boolean
  /** When it began, ISO 8601 in UTC. */
  readonly time: string
  /** Milliseconds. */
  readonly duration: number
  /** Left out where the run was cut off. */
  readonly exitCode?: number
  readonly hosts: readonly RunHost[]
  /** When each play began, milliseconds from the run's begin. */
  readonly plays: readonly { readonly name: string; readonly from: number }[]
  readonly failures: readonly {
    readonly host: string
    readonly unreachable: boolean
    readonly error: PageError
  }[]
  readonly notes: readonly {
    readonly level: string
    readonly text: string
    readonly host?: string
  }[]
  readonly items: readonly PageItem[]
  readonly diffs: readonly PageDiff[]
}

export interface DriftPageHost extends PageHost {
  /** When it was last looked at, where the last check left it out; ISO 8601, UTC. */
  readonly checked?: string
  /** Role, and how many of its tasks were looked at. */
  readonly tasks: readonly (readonly [string, number])[]
  /**
   * For each of the page's days the most findings that a check of that day saw; -1 where none knew,
   * -2 where there was none.
   */
  readonly days: readonly number[]
}

/** One check in the history. */
export interface DriftCheck {
  readonly time: string
  readonly duration: number
  readonly roundTrips: number
  readonly new: number
  readonly returned: number
  readonly continuing: number
  readonly resolved: number
  /** Hosts of which it could not know. */
  readonly unknown: number
  /** Why it has failed as a whole: what it has not found may be there. */
  readonly failure?: string
}

export interface DriftPage {
  readonly kind: 'drift'
  readonly title: string
  readonly run: string
  readonly time: string
  readonly duration: number
  readonly exitCode: number
  /** Why the newest check as a whole has failed. */
  readonly failure?: string
  readonly hosts: readonly DriftPageHost[]
  /** Oldest first. */
  readonly checks: readonly DriftCheck[]
  /** `2026-03-01`, without gaps, oldest first. */
  readonly days: readonly string[]
  readonly items: readonly PageItem[]
  readonly diffs: readonly PageDiff[]
}

export type Page = RunPage | DriftPage
