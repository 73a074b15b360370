import { parseArgs, type ParseArgsConfig } from 'node:util'
import { HostwrightError } from '../core/errors.js'

type Options = NonNullable<ParseArgsConfig['options']>

interface Config<T extends Options> {
  readonly args: string[]
  readonly options: T
  readonly allowPositionals: true
  readonly strict: true
}

/**
 * Reads the flags and arguments of a command.
 * @throws HostwrightError USAGE_INVALID for an unknown flag, or one whose value is missing
 */
export function readArguments<const T extends Options>(
  argv: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<Config<T>>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error
    const flag = /'(-[^\s',<]+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? ''
    const reason =
      code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
        ? 'there is no such flag'
        : 'its value is missing or not allowed'
    throw new HostwrightError('USAGE_INVALID', `Cannot use flag "${flag}": ${reason}`, {
      hint: 'See --help',
    })
  }
}
