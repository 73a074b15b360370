import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Proxy {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number
  close(): void
}

/**
 * Passes TCP connections on, and everything that comes through later: a wire of that length.
 *
 * @param delay milliseconds, each way
 */
export async function latencyProxy(
  target: { readonly address: string; readonly port: number },
  delay: number,
): Promise<Proxy> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: target.address, port: target.port, allowHalfOpen: true })
    pass(near, far, delay)
    pass(far, near, delay)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** Timers of the same length end in the order in which they began. */
function pass(from: Socket, to: Socket, delay: number): void {
  from.setNoDelay(true)
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delay))
  from.on('end', () => setTimeout(() => to.end(), delay))
  from.on('error', () => to.destroy())
}
