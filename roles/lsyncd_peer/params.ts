import { isIP } from 'node:net'
import * as v from 'valibot'

const boolean = v.boolean('is neither true nor false')
/** Stands unquoted in Lua, in a unit, in authorized_keys and in a shell script. */
const path = v.pipe(
  v.string('is not a path'),
  v.regex(
    /^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/,
    'is not an absolute path of letters, digits, dots, hyphens and underscores',
  ),
)
const pattern = v.pipe(
  v.string('is not a text'),
  v.regex(/^[^\s"'\\]+$/, 'is not a pattern without spaces, quotes and backslashes'),
)
const peerName = v.pipe(
  v.string('is not a name'),
  v.check((name) => isIP(name) > 0 || /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name), 'is not a name'),
)

/** The tutorial's. */
export const defaultFolder = '/opt/acme2certifier/volume'

export const params = v.object({
  /** The folder that is mirrored, on this node. */
  folder: v.optional(path, defaultFolder),
  /**
   * The account of whoever uses the folder on this node. It is made where it is missing, since a
   * blank node is filled before what brings the account is installed; where another node gives
   * another name, files come to belong to that one there. @default names are the same on all nodes
   */
  owner: v.optional(
    v.pipe(
      v.string('is not a name'),
      v.regex(/^[a-z_][a-z0-9_-]*$/, 'is not the name of an account'),
    ),
  ),
  /** Inventory names of the nodes to mirror to and from. @default the play's other hosts */
  peers: v.optional(v.array(peerName, 'is not a list of names')),
  /** Seconds for which changes are gathered before they are sent. */
  delay: v.optional(
    v.pipe(v.number('is not a number'), v.minValue(0, 'is less than 0'), v.maxValue(3600)),
    2,
  ),
  /** What is left alone on both sides: patterns of rsync. */
  exclude: v.optional(v.array(pattern, 'is not a list of patterns'), [
    '*.tmp',
    '.*.??????',
    '*.swp',
    '*~',
  ]),
  /**
   * When files that this node lacks are deleted on the peers: `running`, only those that it has seen
   * being deleted; `startup` and true also all that it does not have when it starts, which empties
   * the peers when it starts with an empty folder.
   */
  delete: v.optional(
    v.union(
      [v.boolean(), v.picklist(['running', 'startup'])],
      'is neither "running", "startup", true nor false',
    ),
    'running',
  ),
  /** Leaves files alone that are newer on the peer; it takes clocks that agree. */
  update: v.optional(boolean, true),
  /** Starts although a peer cannot be reached, and goes on trying. */
  insist: v.optional(boolean, true),
  compress: v.optional(boolean, true),
  /** `rsyncssh` renames and deletes on the peer by ssh, so it needs `restrictKey: false`. */
  method: v.optional(
    v.picklist(['rsync', 'rsyncssh'], 'is neither "rsync" nor "rsyncssh"'),
    'rsync',
  ),
  /** Lets the key of a peer do nothing but rsync in the folder, from the addresses of that peer. */
  restrictKey: v.optional(boolean, true),
  /** Accepts only those host keys that the peers have told. */
  hostKeyChecking: v.optional(boolean, true),
  /** At least so many folders can be watched (fs.inotify.max_user_watches). @default the kernel's own */
  maxUserWatches: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.integer('is not a whole number'),
      v.minValue(1, 'is less than 1'),
    ),
  ),
  /** What keeps the clock right; `none` leaves it to others. */
  timeService: v.optional(
    v.picklist(['chrony', 'none'], 'is neither "chrony" nor "none"'),
    'chrony',
  ),
})

export type Params = v.InferOutput<typeof params>
