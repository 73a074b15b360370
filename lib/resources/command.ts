import { HostwrightError } from '../core/errors.js'
import { quote } from '../core/quote.js'
import { Secret } from '../core/secret.js'
import { resourceType } from './define.js'
import { pathOf } from './paths.js'
import { checkLine, checkPath, refuse } from './parameters.js'
import { shell } from './probes/shell.js'
import { stat } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { Ask, CommonOptions, Plan, Query, Resource, Step } from './types.js'

export interface CommandOptions {
  /** POSIX sh. Its exit status decides: that of the last command, unless it says `set -e`. */
  readonly run: string
  /** What it is for: the task's name in reports. @default the first line of `run` */
  readonly name?: string
  /** It is skipped if this path exists. */
  readonly creates?: string
  /** It is skipped if this path does not exist. */
  readonly removes?: string
  /** It is skipped if this ends with 0. POSIX sh that only reads; check mode runs it too. */
  readonly unless?: string
  /** It is skipped if this does not end with 0. POSIX sh that only reads; check mode runs it too. */
  readonly onlyIf?: string
  /** The directory that it runs in. @default the login directory */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | Secret>>
  /** What it reads on standard input. @default nothing */
  readonly input?: string | Uint8Array | Secret
  /** Milliseconds until it is ended. @default none */
  readonly timeout?: number
}

const describe = resourceType<CommandOptions>({
  name: 'command',
  title: ({ name, run }) => name ?? firstLine(run),
  reads: (wish) => guards(wish),
  plan: supposing((wish, ask) => {
    const skipped = reasonToSkip(wish, ask)
    return skipped === undefined ? running(wish) : { changes: [], steps: [], skipped }
  }),
  planUnasked(wish) {
    const { creates, removes, unless, onlyIf } = wish
    // Of the guards, what tells by a path alone.
    if (unless !== undefined || onlyIf !== undefined) return undefined
    if ((creates === undefined) === (removes === undefined)) return undefined
    const path = creates ?? removes ?? ''
    const exists = creates !== undefined
    return running(wish, { path, exists, reason: exists ? isThere(path) : isMissing(path) })
  },
})

function running(wish: CommandOptions, unless?: Step['unless']): Plan {
  const { input, timeout, creates, removes } = wish
  return {
    changes: [{ property: 'command', from: 'not run', to: 'run' }],
    steps: [
      {
        script: prepared(wish, wish.run),
        ...(input !== undefined && { input: toBytes(input) }),
        ...(timeout !== undefined && { timeout }),
        ...(unless !== undefined && { unless }),
      },
    ],
    effects: {
      stale: () => true,
      unknown: {
        when: (query) => {
          const path = pathOf(query)
          return path !== undefined && (path === creates || path === removes)
        },
        reason: `command ${wish.name ?? firstLine(wish.run)} would run first`,
      },
    },
  }
}

/**
 * A command. Without a guard (`creates`, `removes`, `unless`, `onlyIf`) it runs every time, and
 * counts as a change every time.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/ansible/builtin/shell_module.html
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, COMMAND_TIMEOUT
 * @example
 * command({ run: 'tar -xzf /srv/app.tar.gz', cwd: '/srv', creates: '/srv/app' })
 */
export function command(options: CommandOptions & CommonOptions): Resource {
  const { run, name, creates, removes, cwd, env = {}, timeout } = options
  if (typeof run !== 'string' || run.trim() === '')
    refuse('Cannot describe a command: run is empty', 'Give what is to be run')
  if (name !== undefined) checkLine(name, 'name')
  for (const key of Object.keys(env))
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
      refuse(`Cannot set variable "${key}": it is not a name for a shell`, 'Use letters, digits, _')
  if (timeout !== undefined && !(timeout > 0))
    refuse(`Cannot use timeout "${timeout}": it is not above 0`, 'Give milliseconds')
  return describe({
    ...options,
    ...(creates !== undefined && { creates: checkPath(creates, 'creates') }),
    ...(removes !== undefined && { removes: checkPath(removes, 'removes') }),
    ...(cwd !== undefined && { cwd: checkPath(cwd, 'cwd') }),
  })
}

function guards(wish: CommandOptions): Query[] {
  const { creates, removes, unless, onlyIf } = wish
  return [
    ...[creates, removes].flatMap((path) => (path === undefined ? [] : [stat(path)])),
    ...[unless, onlyIf].flatMap((test) =>
      test === undefined ? [] : [shell(prepared(wish, test))],
    ),
  ]
}

function reasonToSkip(wish: CommandOptions, ask: Ask): string | undefined {
  const { creates, removes, unless, onlyIf } = wish
  if (creates !== undefined && ask(stat(creates)).type !== 'absent') return isThere(creates)
  if (removes !== undefined && ask(stat(removes)).type === 'absent') return isMissing(removes)
  if (unless !== undefined && succeeds(wish, unless, ask)) return `unless: ${firstLine(unless)}`
  if (onlyIf !== undefined && !succeeds(wish, onlyIf, ask))
    return `not onlyIf: ${firstLine(onlyIf)}`
  return undefined
}

function isThere(path: string | undefined): string {
  return `${path} exists`
}

function isMissing(path: string | undefined): string {
  return `${path} does not exist`
}

function succeeds(wish: CommandOptions, test: string, ask: Ask): boolean {
  const { exitCode, stderr } = ask(shell(prepared(wish, test)))
  // A shell's own word for a command that it can't understand; it would never be true.
  if (exitCode === 2 && /\bSyntax error\b|\bsyntax error\b/.test(stderr))
    throw new HostwrightError('TASK_FAILED', `Cannot run guard "${firstLine(test)}": ${stderr}`)
  return exitCode === 0
}

/** A script in the command's directory, with its variables. */
function prepared({ cwd, env = {} }: CommandOptions, script: string): string {
  const set = Object.entries(env).map(([name, value]) => {
    return `export ${name}=${quote(value instanceof Secret ? value.reveal() : value)}\n`
  })
  return `${cwd === undefined ? '' : `cd -- ${quote(cwd)} || exit\n`}${set.join('')}${script}`
}

function toBytes(input: string | Uint8Array | Secret): Uint8Array {
  if (input instanceof Secret) return Buffer.from(input.reveal())
  return typeof input === 'string' ? Buffer.from(input) : input
}

function firstLine(text: string): string {
  const [line = '', ...more] = text.trim().split('\n')
  return more.length > 0 || line.length > 80 ? `${line.slice(0, 79)}…` : line
}
