/** Where a reporter writes. */
export interface Sink {
  /** @throws the stream's own error, once it has had one: a closed pipe, a full disk */
  write(text: string): void
}

const sinks = new WeakMap<NodeJS.WritableStream, Sink>()

/**
 * Writes to a stream whose reader may leave. Without a listener, a closed pipe would be an uncaught
 * error and end the run in the middle of a host.
 */
export function sink(stream: NodeJS.WritableStream): Sink {
  const present = sinks.get(stream)
  if (present !== undefined) return present
  let broken: Error | undefined
  stream.on('error', (error) => {
    broken ??= error
  })
  const made: Sink = {
    write(text) {
      if (broken !== undefined) throw broken
      stream.write(text)
    },
  }
  sinks.set(stream, made)
  return made
}
