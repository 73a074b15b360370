import t from 'tap'
import { flags } from '../../lib/cli/flags.js'
import { parsePlaybookArgs, playbookHelp, type PlaybookOptions } from '../../lib/cli/options.js'

const none: PlaybookOptions = {
  inventories: ['lab'],
  limit: undefined,
  tags: [],
  skipTags: [],
  check: false,
  diff: false,
  extraVars: [],
  forks: 50,
  verbosity: 0,
  listHosts: false,
  listTasks: false,
  output: 'console',
  reports: [],
  prefetch: true,
  detailedExitcode: false,
  vaultPasswordFile: undefined,
  askVaultPass: false,
  askBecomePass: false,
  user: undefined,
  privateKey: undefined,
  help: false,
  version: false,
}

const right: readonly (readonly [readonly string[], Partial<PlaybookOptions>])[] = [
  [[], {}],
  [['-l', 'web:!c2'], { limit: 'web:!c2' }],
  [['--limit=-odd'], { limit: '-odd' }],
  [['-t', 'a,b', '--tags', ' c '], { tags: ['a', 'b', 'c'] }],
  [['--skip-tags', 'a,b'], { skipTags: ['a', 'b'] }],
  [['-CD'], { check: true, diff: true }],
  [['--check', '--diff'], { check: true, diff: true }],
  [
    ['-e', 'a=b c', '--extra-vars', '{"x": 1}', '-e@vars.yml'],
    { extraVars: ['a=b c', '{"x": 1}', '@vars.yml'] },
  ],
  [['-f', '7'], { forks: 7 }],
  [['-f20'], { forks: 20 }],
  [['--forks=1'], { forks: 1 }],
  [['-v'], { verbosity: 1 }],
  [['-v', '--verbose'], { verbosity: 2 }],
  [['-vvv'], { verbosity: 3 }],
  [['-vvvv'], { verbosity: 3 }],
  [['--list-hosts'], { listHosts: true }],
  [['--list-tasks'], { listTasks: true }],
  [['--output', 'json'], { output: 'json' }],
  [['--output', 'junit'], { output: 'junit' }],
  [['--report', 'a.html', '--report=b.HTML'], { reports: ['a.html', 'b.HTML'] }],
  [['--detailed-exitcode'], { detailedExitcode: true }],
  [['--vault-password-file', 'pass'], { vaultPasswordFile: 'pass' }],
  [['-J'], { askVaultPass: true }],
  [['--ask-vault-pass'], { askVaultPass: true }],
  [['-K'], { askBecomePass: true }],
  [['-u', 'me', '--private-key', 'key'], { user: 'me', privateKey: 'key' }],
]

t.test('parsePlaybookArgs() reads every flag', async (t) => {
  for (const [argv, options] of right)
    t.strictSame(
      parsePlaybookArgs(['-i', 'lab', ...argv], {}),
      { ...none, ...options },
      argv.join(' '),
    )
})

t.test('parsePlaybookArgs() finds the inventory', async (t) => {
  const env = { HOSTWRIGHT_INVENTORY: 'from-env' }
  t.same(parsePlaybookArgs(['-i', 'a', '--inventory', 'b'], env).inventories, ['a', 'b'])
  t.same(parsePlaybookArgs([], env).inventories, ['from-env'])
  t.match(parsePlaybookArgs(['--help'], {}), { help: true, inventories: [] })
  t.match(parsePlaybookArgs(['--version'], {}), { version: true, inventories: [] })
})

const wrong: readonly (readonly [readonly string[], string, RegExp])[] = [
  [['--chek'], 'Cannot use flag "--chek": there is no such flag', /--check\?/],
  [['--lim', 'x'], 'Cannot use flag "--lim": there is no such flag', /--limit\?/],
  [['--zzzzzz'], 'Cannot use flag "--zzzzzz": there is no such flag', /^See --help$/],
  [['-x'], 'Cannot use flag "-x": there is no such flag', /^See --help$/],
  [['--toString'], 'Cannot use flag "--toString": there is no such flag', /--help/],
  [['--limit'], 'Cannot use flag "--limit": its value is missing', /--limit PATTERN/],
  [['--limit='], 'Cannot use flag "--limit": its value is missing', /--limit PATTERN/],
  [
    ['-l', '--check'],
    'Cannot use flag "-l": its value is missing, and "--check" looks like another flag',
    /-l PATTERN/,
  ],
  [['-l', 'a', '--limit', 'b'], 'Cannot use flag "--limit": it is given twice', /once/],
  [['--check=yes'], 'Cannot use flag "--check": it takes no value, and "yes" is given', /--help/],
  [['c1'], 'Cannot use argument "c1": a playbook takes flags only', /--help/],
  [['--', '--check'], 'Cannot use argument "--check": a playbook takes flags only', /--help/],
  [['-t', 'a,,b'], 'Cannot use value "a,,b" of --tags: a tag is empty', /--help/],
  [
    ['--report', 'run.pdf'],
    'Cannot use value "run.pdf" of --report: it does not end in .html',
    /ends in \.html/,
  ],
  [
    ['--list-hosts', '--report', 'a.html'],
    'Cannot use flag "--report": --list-hosts and --list-tasks run nothing',
    /one of the two/,
  ],
  [
    ['--output', 'xml'],
    'Cannot use value "xml" of --output: it is none of console, json and junit',
    /--help/,
  ],
  ...['0', '1.5', 'many', '1e3', ' 2'].map(
    (value) =>
      [
        ['-f', value],
        `Cannot use value "${value}" of --forks: it is not a whole number from 1 up`,
        /--help/,
      ] as const,
  ),
]

t.test('parsePlaybookArgs() refuses what it does not understand', async (t) => {
  for (const [argv, message, hint] of wrong)
    t.throws(() => parsePlaybookArgs(['-i', 'lab', ...argv], {}), {
      code: 'USAGE_INVALID',
      message,
      hint,
    })
  for (const env of [{}, { HOSTWRIGHT_INVENTORY: '' }])
    t.throws(() => parsePlaybookArgs([], env), {
      code: 'USAGE_INVALID',
      message: 'Cannot find the hosts: no inventory is given',
      hint: /-i inventories\/lab, or set HOSTWRIGHT_INVENTORY/,
    })
})

t.test('playbookHelp() names every flag with its default, and fits 100 columns', async (t) => {
  const help = playbookHelp('playbooks/site.ts')
  const flat = help.replaceAll(/\s+/g, ' ')
  for (const [name, flag] of Object.entries(flags)) {
    t.match(help, new RegExp(`^  (-\\w, |    )--${name}( |$)`, 'm'))
    if ('default' in flag) t.ok(flat.includes(`${flag.help} (default: ${flag.default})`), name)
  }
  t.match(help, 'playbooks/site.ts -i inventories/lab --check --diff')
  t.match(help, /^ {2}4 +a host was unreachable/m)
  t.same(
    help.split('\n').filter((line) => line.length > 100),
    [],
  )
})
