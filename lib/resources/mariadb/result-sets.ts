/** A row by column name. */
export type Row = Readonly<Record<string, string | null>>

/**
 * Reads what `mariadb --xml` prints: one list of rows per result set. The client writes `<`, `>`,
 * `&` and `"` of names and values as entities, so its own tags can be told by pattern.
 */
export function parseResultSets(xml: string): Row[][] {
  return [...xml.matchAll(/<resultset statement="[^"]*"[^>]*>([^]*?)<\/resultset>/g)].map(
    ([, body]) =>
      [...(body ?? '').matchAll(/<row>([^]*?)<\/row>/g)].map(([, fields]) =>
        parseRow(fields ?? ''),
      ),
  )
}

function parseRow(fields: string): Row {
  const found = fields.matchAll(/<field name="([^"]*)"(?: xsi:nil="true" \/>|>([^]*?)<\/field>)/g)
  return Object.fromEntries(
    [...found].map(([, name, value]) => [
      decode(name ?? ''),
      value === undefined ? null : decode(value),
    ]),
  )
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&amp;': '&',
}

function decode(text: string): string {
  return text.replaceAll(/&(?:lt|gt|quot|amp);/g, (entity) => entities[entity] ?? entity)
}
