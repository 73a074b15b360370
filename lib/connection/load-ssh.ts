// They take 50 ms to load, which a run on local hosts alone need not wait for. Each import() of its own
// would ask the loader again, for every host.

let ssh2: Promise<typeof import('ssh2')> | undefined
let nodeSsh: Promise<typeof import('node-ssh')> | undefined

/** ssh2, loaded on first use. */
export async function loadSsh2(): Promise<typeof import('ssh2')> {
  return await (ssh2 ??= import('ssh2').then((module) => module.default))
}

/** node-ssh, loaded on first use. */
export async function loadNodeSsh(): Promise<typeof import('node-ssh')> {
  return await (nodeSsh ??= import('node-ssh'))
}
