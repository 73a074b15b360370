import { createRequire } from 'node:module'
import type * as NodeSsh from 'node-ssh'
import type * as Ssh2 from 'ssh2'

/** At once, without the thread that reads TypeScript: each of some forty files would be a question to it. */
const load = createRequire(import.meta.url)

/** ssh2, loaded on first use: it takes 50 ms. */
export function loadSsh2(): typeof Ssh2 {
  return load('ssh2') as typeof Ssh2
}

/** node-ssh, loaded on first use. */
export function loadNodeSsh(): typeof NodeSsh {
  return load('node-ssh') as typeof NodeSsh
}
