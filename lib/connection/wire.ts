import type { Readable, Writable } from 'node:stream'

/** A process at the other end, wherever it runs: its three streams and its end. */
export interface Wire {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles, and never rejects, when the process or the connection has ended, with what is known. */
  readonly ended: Promise<End>
  /** Whether the connection that is closed next ends the process, which so need not be waited for. */
  readonly endsWithConnection: boolean
  /** Ends the process at once, as far as this side can. */
  kill(): void
}

export interface End {
  /** For a message, such as `exit status 1` or `Keepalive timeout`. */
  readonly reason: string
  readonly exitCode?: number
}
