export { notifiersOf } from './environment.js'
export { notifyAll } from './notify-all.js'
export type { Notify } from './types.js'
