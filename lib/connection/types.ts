/** How to reach a host, read from its inventory variables. */
export interface ConnectionSettings {
  /** The inventory name, used in messages. */
  readonly name: string
  readonly kind: 'ssh' | 'local'
  readonly address: string
  /** @default 22 */
  readonly port: number
  readonly user: string
  readonly password?: string
  /** The key to log in with; it has to exist. It is tried first. */
  readonly privateKeyFile?: string
  readonly privateKeyPassphrase?: string
  /** Keys that are tried after the agent's, where they exist. @default none */
  readonly identityFiles?: readonly string[]
  /** known_hosts files, the first of them is named in hints. @default ~/.ssh/known_hosts */
  readonly knownHostsFiles: readonly string[]
  /** @default true */
  readonly hostKeyChecking: boolean
  /** Milliseconds until a host that does not answer is unreachable. @default 10_000 */
  readonly connectTimeout: number
  /** Jump hosts, `user@host:port`, nearest first. */
  readonly proxyJump: readonly string[]
}

/** Whose rights a shell has. */
export interface Become {
  /** @default 'root' */
  readonly user: string
  /** For sudo, given on standard input. */
  readonly password?: string
}

/** One exchange: a script, and what it reads. */
export interface Message {
  /** POSIX sh. It never shows in an argument list, so it may hold secrets. */
  readonly script: string
  /** What the script reads on standard input; none of it is left for the next message. */
  readonly input?:
    Uint8Array | { readonly size: number; readonly chunks: AsyncIterable<Uint8Array> }
  /** Milliseconds after which the script and all that it started is killed. @default none */
  readonly timeout?: number
  /** Runs the script in the long-lived shell itself, so that a descriptor that it opens stays open. */
  readonly persist?: boolean
  /** Takes standard output as it comes; the reply's is empty then. */
  readonly onStdout?: (chunk: Buffer) => void
  /** Sees standard error as it comes; the reply has it too. */
  readonly onStderr?: (chunk: Buffer) => void
}

export interface Reply {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly exitCode: number
}

/**
 * A long-lived POSIX shell on a host. Messages run one after the other, in the order of the calls.
 * In scripts `$HW_SESSION` is the pid on the host whose end means that the controller is gone, LC_ALL
 * is C, and PATH has the system's sbin folders. A script changes nothing for the next one, unless it
 * persists; one that persists and exits, or breaks, ends the shell.
 */
export interface Shell {
  /**
   * @throws HostwrightError CONNECTION_LOST, COMMAND_TIMEOUT
   */
  run(message: Message): Promise<Reply>
  close(): Promise<void>
}

/** One host's wire. */
export interface Connection {
  readonly settings: ConnectionSettings
  /**
   * The shell with these rights, opened on first use and again after a loss.
   * @throws HostwrightError HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED,
   *   AUTHENTICATION_FAILED, BECOME_FAILED
   */
  shell(become?: Become): Promise<Shell>
  close(): Promise<void>
}
