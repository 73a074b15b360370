import * as v from 'valibot'
import { HostwrightError } from '../core/errors.js'
import { callerPlace } from '../core/place.js'
import type { PlayOptions } from './play.js'

/** A number of hosts, or a percentage of them. */
function isSize(size: unknown): boolean {
  return typeof size === 'number'
    ? Number.isInteger(size) && size > 0
    : typeof size === 'string' && /^([1-9]\d?|100)%$/.test(size)
}

const serial = v.custom<NonNullable<PlayOptions['serial']>>(
  (input) => [input].flat().every(isSize),
  ({ input }) =>
    `serial is neither a number from 1 up nor a percentage: "${[input].flat().map(String).join('", "')}"`,
)

const optionsSchema = v.strictObject({
  hosts: v.string('hosts is not a pattern'),
  become: v.optional(
    v.union([v.boolean(), v.string()], 'become is neither true, false nor a user'),
  ),
  serial: v.optional(serial),
  maxFailPercentage: v.optional(
    v.pipe(
      v.number('maxFailPercentage is not a number'),
      v.minValue(0, 'maxFailPercentage is not between 0 and 100'),
      v.maxValue(100, 'maxFailPercentage is not between 0 and 100'),
    ),
  ),
  anyErrorsFatal: v.optional(v.boolean('anyErrorsFatal is neither true nor false')),
  tags: v.optional(v.array(v.string(), 'tags is not a list of texts')),
})

/** Types are gone when a playbook runs, and what is written wrong must not be passed over. */
export function checkOptions(name: string, options: PlayOptions, body: unknown): void {
  const { issues } = v.safeParse(optionsSchema, options)
  const issue = issues?.[0]
  const key = issue?.path?.[0]?.key as string | undefined
  const unknown = key !== undefined && !(key in optionsSchema.entries)
  const why = unknown
    ? `there is no option "${key}"`
    : (issue?.message ?? (typeof body === 'function' ? undefined : 'what it does is no function'))
  if (why === undefined) return
  throw new HostwrightError('PLAYBOOK_INVALID', `Cannot run play "${name}": ${why}`, {
    place: callerPlace(),
    hint: `its options are ${Object.keys(optionsSchema.entries).join(', ')}`,
  })
}
