import * as v from 'valibot'
import { secretParam } from '../../lib/index.js'

const path = v.pipe(v.string('is not a path'), v.startsWith('/', 'is not an absolute path'))
const line = v.pipe(
  v.string('is not a text'),
  v.regex(/^[^\n\r]+$/, 'is empty or has more than one line'),
)

export const params = v.object({
  folder: v.optional(
    v.pipe(path, v.description('Where the project is on the host')),
    '/opt/hostwright-drift',
  ),
  git: v.optional(
    v.pipe(
      line,
      v.regex(
        /^(?!https?:\/\/[^/]*@|[a-z+]+:\/\/[^/]*:[^/]*@)/,
        'holds a password: give the user who clones it, the one that the playbook becomes, a deploy key, or a credential helper of git',
      ),
      v.description(
        'What git clones into the folder: a URL, or a folder of the host; without it the project is there already',
      ),
    ),
  ),
  revision: v.optional(
    v.pipe(
      v.string('is not a text'),
      v.regex(/^[0-9a-f]{40}$/, 'is not the hash of a commit'),
      v.description('The commit that is checked out; needed with git'),
    ),
  ),
  program: v.optional(
    v.pipe(line, v.description("The command, in the project's folder")),
    'node_modules/.bin/hostwright',
  ),
  playbook: v.optional(
    v.pipe(line, v.description("The playbook, in the project's folder")),
    'playbooks/site.ts',
  ),
  inventory: v.pipe(line, v.description("The inventory, in the project's folder")),
  flags: v.optional(
    v.pipe(
      v.array(line, 'is not a list of texts'),
      v.description('More flags: --report, --limit, --vault-password-file'),
    ),
    [],
  ),
  keep: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.integer('is not a whole number'),
      v.minValue(1, 'is less than 1'),
      v.description(
        'How many records of checks are kept; without it as many as hostwright drift does',
      ),
    ),
  ),
  calendar: v.optional(v.pipe(line, v.description('When: see systemd.time(7)')), 'hourly'),
  randomizedDelay: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.minValue(0, 'is less than 0'),
      v.description(
        'Seconds at most by which each check is late, so that not all controllers check at once',
      ),
    ),
    600,
  ),
  environment: v.optional(
    v.pipe(
      v.record(
        v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a name of a variable')),
        secretParam(),
      ),
      v.description('What the checks have in their environment: whom to notify, passwords'),
    ),
    {},
  ),
  writable: v.optional(
    v.pipe(
      v.array(path, 'is not a list of paths'),
      v.description('Folders besides its own that a check may write to, for reports'),
    ),
    [],
  ),
  knownHosts: v.optional(
    v.pipe(
      v.array(line, 'is not a list of texts'),
      v.description(
        'Lines of known_hosts: the keys of the hosts that are checked; without it what is there already',
      ),
    ),
  ),
})

export type Params = v.InferOutput<typeof params>
