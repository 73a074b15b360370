import type { Finding } from '../types.js'

/** `mode: 0600 → 0644`, or that the difference is only in what is secret. */
export function changeText({ property, from, to, before, after }: Finding): string {
  if (before !== undefined && before === after) return `${property}: differs only in what is secret`
  return `${property}: ${from} → ${to}`
}
