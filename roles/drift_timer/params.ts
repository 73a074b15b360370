import * as v from 'valibot'
import { secretParam } from '../../lib/index.js'

const path = v.pipe(v.string('is not a path'), v.startsWith('/', 'is not an absolute path'))
const line = v.pipe(
  v.string('is not a text'),
  v.regex(/^[^\n\r]+$/, 'is empty or has more than one line'),
)

export const params = v.object({
  /** Where the project is on the host. */
  folder: v.optional(path, '/opt/hostwright-drift'),
  /** What git clones into the folder: a URL, or a folder of the host. @default the folder is there already */
  git: v.optional(
    v.pipe(
      line,
      v.regex(
        /^(?!https?:\/\/[^/]*@|[a-z+]+:\/\/[^/]*:[^/]*@)/,
        'holds a password: give the account a deploy key, or a credential helper of git',
      ),
    ),
  ),
  /** The commit that is checked out; needed with `git`. */
  revision: v.optional(
    v.pipe(v.string('is not a text'), v.regex(/^[0-9a-f]{40}$/, 'is not the hash of a commit')),
  ),
  /** The command, in the project's folder. */
  program: v.optional(line, 'node_modules/.bin/hostwright'),
  /** In the project's folder, and so is the inventory. */
  playbook: v.optional(line, 'playbooks/site.ts'),
  inventory: line,
  /** More flags: `--report`, `--limit`, `--vault-password-file`. */
  flags: v.optional(v.array(line, 'is not a list of texts'), []),
  /** When: see systemd.time(7). */
  calendar: v.optional(line, 'hourly'),
  /** Seconds at most by which each check is late, so that not all controllers check at once. */
  randomizedDelay: v.optional(
    v.pipe(v.number('is not a number'), v.minValue(0, 'is less than 0')),
    600,
  ),
  /** What the checks have in their environment: whom to notify, passwords. */
  environment: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a name of a variable')),
      secretParam(),
    ),
    {},
  ),
  /** Folders besides its own that a check may write to, for reports. */
  writable: v.optional(v.array(path, 'is not a list of paths'), []),
  /** Lines of known_hosts: the keys of the hosts that are checked. @default what is there already */
  knownHosts: v.optional(v.array(line, 'is not a list of texts')),
})

export type Params = v.InferOutput<typeof params>
