/** One flag of every playbook's command line. */
export interface Flag {
  readonly short?: string
  /** What stands for the value in the help; a flag without it takes none. */
  readonly value?: string
  readonly repeatable?: boolean
  readonly help: string
  readonly default?: string
}

/** Every flag of a playbook by its long name, in the order of the help. The names are Ansible's. */
export const flags = {
  inventory: {
    short: 'i',
    value: 'PATH',
    repeatable: true,
    help: 'inventory: a file, a directory or a TypeScript module; repeat to merge several',
    default: '$HOSTWRIGHT_INVENTORY',
  },
  limit: { short: 'l', value: 'PATTERN', help: 'work only on these hosts', default: 'all' },
  tags: {
    short: 't',
    value: 'TAGS',
    repeatable: true,
    help: 'run only what has one of these tags (comma list)',
    default: 'all',
  },
  'skip-tags': {
    value: 'TAGS',
    repeatable: true,
    help: 'leave out what has one of these tags (comma list)',
    default: 'none',
  },
  check: { short: 'C', help: 'change nothing; say what would change' },
  diff: { short: 'D', help: 'show how files differ, line by line' },
  'extra-vars': {
    short: 'e',
    value: 'VARS',
    repeatable: true,
    help: 'variables that win over all others: key=value, JSON, or @FILE',
  },
  forks: {
    short: 'f',
    value: 'NUMBER',
    help: 'how many hosts are worked on at the same time',
    default: '50',
  },
  verbose: {
    short: 'v',
    repeatable: true,
    help: '-v: also ok, skipped and facts; -vv: output of commands; -vvv: where each task stands',
  },
  'list-hosts': { help: 'print the hosts of each play and end' },
  'list-tasks': { help: 'print the tasks of each play and end' },
  output: {
    value: 'FORM',
    help: 'console; json: one event a line; junit: tasks and checks as XML, at the end',
    default: 'console',
  },
  report: {
    value: 'FILE.html',
    repeatable: true,
    help: 'write what the run has done as one HTML page, at the end, whatever the end is',
  },
  'no-prefetch': {
    help: 'ask hosts only when it is needed, not at once what the last run of the playbook asked',
  },
  'detailed-exitcode': { help: 'exit 2 where something changed or would change (see below)' },
  'vault-password-file': {
    value: 'FILE',
    help: 'file that holds the vault password, or prints it where it is executable',
  },
  'ask-vault-pass': { short: 'J', help: 'ask for the vault password' },
  'ask-become-pass': { short: 'K', help: 'ask for the password that sudo wants' },
  user: {
    short: 'u',
    value: 'NAME',
    help: 'log in as this user',
    default: 'as the inventory says',
  },
  'private-key': { value: 'FILE', help: 'log in with this key', default: 'as the inventory says' },
  help: { short: 'h', help: 'print this help' },
  version: { help: 'print the version' },
} as const satisfies Record<string, Flag>

export type FlagName = keyof typeof flags
