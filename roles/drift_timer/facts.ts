import { fact } from '../../lib/index.js'

/** The line of the public key with which checks log in. */
export const driftTimerKey = fact<string>('drift_timer.key')
