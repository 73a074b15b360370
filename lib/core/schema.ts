import * as v from 'valibot'
import { Secret, secret as makeSecret } from './secret.js'

/**
 * The schema of a parameter that is secret: takes a text or a {@link Secret}, gives a Secret. What
 * comes out of a vault is one already.
 *
 * @example
 * const params = v.object({ password: secretParam() })
 */
export function secretParam() {
  return v.pipe(
    v.union(
      [
        v.pipe(
          v.instance(Secret<string>),
          v.check((given) => given.reveal() !== '', 'is empty'),
        ),
        v.pipe(v.string(), v.nonEmpty('is empty')),
      ],
      'is neither a text nor a secret',
    ),
    v.transform((value): Secret => makeSecret(value)),
  )
}
