/** Cuts the replies to single messages out of one output stream. */
export interface FrameReader {
  /**
   * Waits for the reply with this number and hands on its bytes as they come.
   * @returns the exit status in the reply's end marker
   * @throws what `onData` throws
   */
  expect(number: number, onData: (chunk: Buffer) => void): Promise<number>
  /** Takes what came from the stream. What stands outside of an expected reply is dropped. */
  push(chunk: Buffer): void
}

interface Frame {
  readonly begin: Buffer
  readonly end: Buffer
  readonly onData: (chunk: Buffer) => void
  readonly done: (status: number) => void
  readonly failed: (error: unknown) => void
}

const nothing = Buffer.alloc(0)
const newline = 10

/**
 * Reads the frames that the loop writes around a script's output. Any bytes may stand in between, and
 * a marker may come in pieces.
 *
 * @param mark - the random text that all markers of this stream begin with
 */
export function frameReader(mark: string): FrameReader {
  let frame: Frame | undefined
  let inside = false
  /** The last bytes, which may be the beginning of a marker. */
  let held: Buffer = nothing

  function push(chunk: Buffer): void {
    let rest = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    held = nothing
    if (frame !== undefined && !inside) {
      const at = rest.indexOf(frame.begin)
      if (at === -1) {
        held = rest.subarray(rest.length - beginning(rest, frame.begin))
        return
      }
      inside = true
      rest = rest.subarray(at + frame.begin.length)
    }
    if (frame === undefined) return
    const at = rest.indexOf(frame.end)
    const until = at === -1 ? rest.length - beginning(rest, frame.end) : at
    try {
      if (until > 0) frame.onData(rest.subarray(0, until))
    } catch (error) {
      frame.failed(error)
      frame = undefined
      return
    }
    const last = at === -1 ? -1 : rest.indexOf(newline, at)
    if (last === -1) {
      held = rest.subarray(until)
      return
    }
    const { end, done } = frame
    frame = undefined
    inside = false
    done(Number(rest.toString('latin1', at + end.length, last)))
  }

  return {
    push,
    expect: (number, onData) =>
      new Promise((done, failed) => {
        const [begin, end] = ['begin\n', 'end:'].map((text) =>
          Buffer.from(`${mark}:${number}:${text}`),
        )
        frame = { begin: begin!, end: end!, onData, done, failed }
      }),
  }
}

/** How many of the last bytes are the beginning of a marker that goes on in the next chunk. */
function beginning(bytes: Buffer, marker: Buffer): number {
  let length = Math.min(bytes.length, marker.length - 1)
  while (length > 0 && !bytes.subarray(bytes.length - length).equals(marker.subarray(0, length)))
    length--
  return length
}
