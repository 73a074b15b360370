import { hostname, userInfo } from 'node:os'
import type { LimitFunction } from 'p-limit'
import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import type { Become, Connection, Message, Reply, Shell } from '../connection/types.js'

/** What the sessions of a run share. */
export interface SessionContext {
  readonly run: string
  readonly playbook: string
  /** Bounds how many hosts are talked to at the same time. */
  readonly limit: LimitFunction
  /** Fails when the run is to end: after Ctrl-C, or by `anyErrorsFatal`. */
  readonly assertGoing: () => void
  readonly note: (host: string, text: string) => void
}

/** Milliseconds before each attempt to connect again after a loss. */
const reconnectDelays = [200, 1_000, 2_000, 4_000, 8_000]
/** Milliseconds to wait for commands that a dead run has left on the host. */
const orphanPatience = 600_000

/** A host's wire as the engine uses it: opened when first needed, counted, locked, opened again. */
export class Session {
  roundTrips = 0
  /** Whether a message has ever reached the host. */
  touched = false
  /** Handlers that an earlier run has left due on the host. */
  readonly due = new Set<string>()
  readonly #shells = new Map<string, Promise<Shell>>()

  constructor(
    readonly host: string,
    private readonly connection: Connection,
    private readonly context: SessionContext,
  ) {}

  /**
   * Sends a message.
   *
   * @param locked takes the host's lock first, which a run that only reads does not need
   * @throws HostwrightError CONNECTION_LOST when the answer did not come; what was sent may have run
   */
  async run(
    message: Message,
    { become, locked }: { become?: Become | undefined; locked: boolean },
  ): Promise<Reply> {
    return await this.context.limit(async () => {
      this.context.assertGoing()
      const shell = await this.#shell(become, locked)
      return await this.#exchange(shell, message)
    })
  }

  /** Tries until the host answers again. */
  async reconnect(): Promise<void> {
    this.#shells.clear()
    let last: unknown
    for (const delay of reconnectDelays) {
      await new Promise((resolve) => setTimeout(resolve, delay))
      this.context.assertGoing()
      try {
        await this.context.limit(async () => await this.connection.shell())
        return
      } catch (error) {
        last = error
        if (!(error instanceof HostwrightError && error.code === 'HOST_UNREACHABLE')) break
      }
    }
    throw last
  }

  async close(): Promise<void> {
    await this.connection.close()
  }

  async #exchange(shell: Shell, message: Message): Promise<Reply> {
    this.roundTrips += 1
    return await shell.run(message)
  }

  /** The shell with these rights; with the lock, one for each, since a lock belongs to a shell. */
  async #shell(become: Become | undefined, locked: boolean): Promise<Shell> {
    const key = `${become?.user ?? ''}\0${locked}`
    let opening = this.#shells.get(key)
    if (!opening) {
      opening = this.#open(become, locked)
      this.#shells.set(key, opening)
    }
    try {
      return await opening
    } catch (error) {
      this.#shells.delete(key)
      throw error
    }
  }

  async #open(become: Become | undefined, locked: boolean): Promise<Shell> {
    const shell = await this.connection.shell(become)
    this.touched = true
    if (locked) await this.#lock(shell)
    return shell
  }

  async #lock(shell: Shell): Promise<void> {
    const since = new Date().toISOString()
    const holder = `${userInfo().username}@${hostname()} (process ${process.pid}), ${this.context.playbook}, run ${this.context.run}, since ${since}`
    let waiting = false
    for (const end = Date.now() + orphanPatience; ;) {
      const { stdout, stderr, exitCode } = await this.#exchange(shell, {
        script: `hw_holder=${quote(holder)}\n${lockScript}`,
        persist: true,
      })
      const [verdict, ...rest] = stdout.toString().split('\n')
      if (exitCode === 0 && verdict === 'locked') {
        for (const name of rest) if (name !== '') this.due.add(decodeURIComponent(name))
        return
      }
      if (verdict === 'free') continue
      if (verdict !== 'held' && verdict !== 'orphaned')
        throw new HostwrightError(
          'HOST_LOCKED',
          `Cannot lock host "${this.host}": the lock could not be taken`,
          {
            host: this.host,
            exitCode,
            stderr: stderr.toString(),
          },
        )
      if (verdict === 'held' || Date.now() > end)
        throw new HostwrightError(
          'HOST_LOCKED',
          `Cannot lock host "${this.host}": it is held by ${rest.join(' ').trim() || 'an unknown run'}`,
          { host: this.host, hint: 'wait until that run has ended, or end it, and run again' },
        )
      if (!waiting)
        this.context.note(
          this.host,
          'waits for a command that an interrupted run has left on the host',
        )
      waiting = true
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}

/**
 * The lock is a descriptor of the long-lived shell: it ends with it, and with the last command that
 * it started. Whether its holder still lives is seen by the process that serves the holder's
 * connection, told apart from a later one of the same number by its start time. A lock without a
 * holder is kept by a daemon that some finished command has left behind, and is given up.
 */
const lockScript = `
if [ "$(id -u)" = 0 ]; then hw_run=/run/hostwright hw_lib=/var/lib/hostwright
else hw_run=\${XDG_RUNTIME_DIR:-/tmp}/hostwright-$(id -u) hw_lib=$HOME/.local/state/hostwright; fi
hw_born() { [ -r "/proc/$1/stat" ] && sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20; }
mkdir -p -m 0700 -- "$hw_run" && [ -O "$hw_run" ] && : >>"$hw_run/lock" && exec 9<>"$hw_run/lock" && {
  if flock -n 9; then
    printf '%s\\n' "$HW_SESSION $(hw_born "$HW_SESSION")" "$hw_holder" >|"$hw_run/holder"
    trap ': >|"$hw_run/holder"' EXIT
    echo locked
    [ ! -d "$hw_lib/due" ] || ls -1 -- "$hw_lib/due"
  else
    exec 9>&-
    [ -s "$hw_run/holder" ] || sleep 1
    if [ ! -s "$hw_run/holder" ]; then rm -f -- "$hw_run/lock"; echo free
    else
      { IFS=' ' read -r hw_pid hw_start; IFS= read -r hw_who; } <"$hw_run/holder"
      if [ "$(hw_born "$hw_pid")" = "$hw_start" ]; then echo held; else echo orphaned; fi
      printf '%s\\n' "$hw_who"
    fi
  fi
}`
