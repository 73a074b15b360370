/**
 * The units that would mount a path or a folder above it, the root left out.
 *
 * @see systemd.unit(5), the section about paths in names of units
 * @example
 * mountUnits('/srv/my-data') // ['srv.mount', 'srv-my\\x2ddata.mount']
 */
export function mountUnits(path: string): readonly string[] {
  const parts = path.split('/').filter(Boolean).map(escape)
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.mount`)
}

function escape(part: string, index: number): string {
  return part
    .replace(/[^A-Za-z0-9:_.]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replace(/^\./, (dot) => (index === 0 ? '\\x2e' : dot))
}
