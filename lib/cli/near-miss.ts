/**
 * The candidate that was probably meant: one that begins with the word, or is at most two typing
 * mistakes away from it.
 *
 * @example
 * nearMiss('--chek', ['--check', '--diff']) // '--check'
 */
export function nearMiss(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: mistakes(word, candidate) }))
    .filter(({ distance }) => distance <= 2 && distance < word.replace(/^-+/, '').length)
    .toSorted((a, b) => a.distance - b.distance)
  const longer = candidates.filter((candidate) => word.length > 3 && candidate.startsWith(word))
  return ranked[0]?.candidate ?? longer[0]
}

/** Levenshtein's distance, row by row. */
function mistakes(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries())
      next.push(
        Math.min(
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
          (row[j] ?? 0) + (letter === other ? 0 : 1),
        ),
      )
    row = next
  }
  return row.at(-1) ?? 0
}
