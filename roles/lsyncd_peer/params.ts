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

/** Where acme2certifier's guide has it. */
export const defaultFolder = '/opt/acme2certifier/volume'

export const params = v.object({
  folder: v.optional(
    v.pipe(path, v.description('The folder that is mirrored, on this node')),
    defaultFolder,
  ),
  owner: v.optional(
    v.pipe(
      v.string('is not a name'),
      v.regex(/^[a-z_][a-z0-9_-]*$/, 'is not the name of an account'),
      v.description(
        'The account of whoever uses the folder on this node, where nodes name it differently; it is made where it is missing',
      ),
    ),
  ),
  peers: v.optional(
    v.pipe(
      v.array(peerName, 'is not a list of names'),
      v.description(
        "Inventory names of the nodes to mirror to and from; without it the play's other hosts",
      ),
    ),
  ),
  delay: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.minValue(0, 'is less than 0'),
      v.maxValue(3600),
      v.description('Seconds for which changes are gathered before they are sent'),
    ),
    2,
  ),
  exclude: v.optional(
    v.pipe(
      v.array(pattern, 'is not a list of patterns'),
      v.description('What is left alone on both sides: patterns of rsync'),
    ),
    ['*.tmp', '.*.??????', '*.swp', '*~'],
  ),
  delete: v.optional(
    v.pipe(
      v.union(
        [v.boolean(), v.picklist(['running', 'startup'])],
        'is neither "running", "startup", true nor false',
      ),
      v.description(
        'When what this node lacks is deleted on the peers: running, what it has seen being deleted; startup and true, also all that it lacks when it starts: with an empty folder that empties them',
      ),
    ),
    'running',
  ),
  update: v.optional(
    v.pipe(
      boolean,
      v.description('Leaves files alone that are newer on the peer; it takes clocks that agree'),
    ),
    true,
  ),
  insist: v.optional(
    v.pipe(boolean, v.description('Starts although a peer cannot be reached, and goes on trying')),
    true,
  ),
  compress: v.optional(v.pipe(boolean, v.description('Compresses what is sent')), true),
  method: v.optional(
    v.pipe(
      v.picklist(['rsync', 'rsyncssh'], 'is neither "rsync" nor "rsyncssh"'),
      v.description(
        'rsyncssh renames and deletes on the peer by ssh, so it needs restrictKey: false',
      ),
    ),
    'rsync',
  ),
  restrictKey: v.optional(
    v.pipe(
      boolean,
      v.description(
        'Lets the key of a peer do nothing but rsync in the folder, from the addresses of that peer',
      ),
    ),
    true,
  ),
  rootKeys: v.optional(
    v.pipe(
      v.array(v.string('is not a public key'), 'is not a list of public keys'),
      v.description(
        "The keys, as in .pub files, that may log in as root besides the peers': every other key is removed from root's authorized_keys; without it others stay",
      ),
    ),
  ),
  hostKeyChecking: v.optional(
    v.pipe(boolean, v.description('Accepts only those host keys that the peers have told')),
    true,
  ),
  maxUserWatches: v.optional(
    v.pipe(
      v.number('is not a number'),
      v.integer('is not a whole number'),
      v.minValue(1, 'is less than 1'),
      v.description(
        "At least so many folders can be watched (fs.inotify.max_user_watches); without it the kernel's own",
      ),
    ),
  ),
  timeService: v.optional(
    v.pipe(
      v.picklist(['chrony', 'none'], 'is neither "chrony" nor "none"'),
      v.description('What keeps the clock right; none leaves it to others'),
    ),
    'chrony',
  ),
})

export type Params = v.InferOutput<typeof params>
