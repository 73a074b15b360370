import { expandHome } from './ssh-config.js'

/** What a variable such as ansible_ssh_common_args may set. */
export interface SshArguments {
  readonly userKnownHostsFiles?: readonly string[]
  readonly hostKeyChecking?: boolean
  /** Milliseconds. */
  readonly connectTimeout?: number
  readonly proxyJump?: readonly string[]
}

/** What is supported, for hints. */
export const supportedArguments =
  '-J HOST, and -o with UserKnownHostsFile, StrictHostKeyChecking, ProxyJump and ConnectTimeout'

/**
 * Reads arguments written for ssh: `-J`, and `-o` with the few options that mean something here.
 *
 * @see ssh(1), ssh_config(5)
 * @throws RangeError for anything else
 */
export function parseSshArguments(text: string): SshArguments {
  const words = [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  )
  let found: SshArguments = {}
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const flag = word.slice(0, 2)
    if (flag !== '-o' && flag !== '-J') throw new RangeError(`"${word}" is not supported`)
    const value = word.length > 2 ? word.slice(2) : words[++index]
    if (value === undefined) throw new RangeError(`"${word}" lacks its value`)
    // Of an option that is given twice, ssh takes the first.
    found = { ...(flag === '-J' ? { proxyJump: value.split(',') } : parseOption(value)), ...found }
  }
  return found
}

function parseOption(text: string): SshArguments {
  const [, name = '', value = ''] = /^\s*(\w+)\s*[=\s]\s*(.*)$/.exec(text) ?? []
  switch (name.toLowerCase()) {
    case 'userknownhostsfile':
      return { userKnownHostsFiles: value.split(/\s+/).map(expandHome) }
    case 'stricthostkeychecking':
      return { hostKeyChecking: strictness(value) }
    case 'proxyjump':
      return { proxyJump: value === 'none' ? [] : value.split(',') }
    case 'connecttimeout':
      if (!/^\d+$/.test(value)) throw new RangeError(`ConnectTimeout "${value}" is not in seconds`)
      // To ssh 0 is no limit of its own.
      return Number(value) === 0 ? {} : { connectTimeout: Number(value) * 1000 }
    default:
      throw new RangeError(`"-o ${text}" is not supported`)
  }
}

function strictness(value: string): boolean {
  const word = value.toLowerCase()
  if (['yes', 'true', 'ask', 'accept-new'].includes(word)) return true
  if (['no', 'false', 'off'].includes(word)) return false
  throw new RangeError(`StrictHostKeyChecking "${value}" is none of yes, no, ask and accept-new`)
}
