/** Cuts the output of sections into whole lines, so that no secret shows in halves. */
export function outputLines(
  tell: (section: number, stream: 'stdout' | 'stderr', text: string) => void,
): {
  take: (section: number, stream: 'stdout' | 'stderr', chunk: Buffer) => void
  flush: (section: number) => void
} {
  const rests = new Map<string, Buffer>()
  return {
    take: (section, stream, chunk) => {
      const key = `${section} ${stream}`
      const bytes = Buffer.concat([rests.get(key) ?? Buffer.alloc(0), chunk])
      const end = bytes.lastIndexOf('\n') + 1
      rests.set(key, bytes.subarray(end))
      if (end > 0) tell(section, stream, bytes.toString('utf8', 0, end))
    },
    flush: (section) => {
      for (const stream of ['stdout', 'stderr'] as const) {
        const rest = rests.get(`${section} ${stream}`)
        rests.delete(`${section} ${stream}`)
        if (rest?.length) tell(section, stream, rest.toString())
      }
    },
  }
}
