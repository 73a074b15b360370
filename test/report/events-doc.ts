import { readFileSync } from 'node:fs'
import t from 'tap'
import ts from 'typescript'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Field {
  readonly name: string
  readonly optional: boolean
  /** The names of the interfaces that its type is made of. */
  readonly types: readonly string[]
}

/** Every interface of the source with its fields, those that it inherits included. */
function interfaces(source: string): ReadonlyMap<string, readonly Field[]> {
  const file = ts.createSourceFile('events.ts', source, ts.ScriptTarget.Latest, true)
  const found = new Map<string, readonly Field[]>()
  for (const node of file.statements) {
    if (!ts.isInterfaceDeclaration(node)) continue
    const inherited = (node.heritageClauses ?? [])
      .flatMap((clause) => clause.types)
      .flatMap((type) => found.get(type.expression.getText()) ?? [])
    const own = node.members.filter(ts.isPropertySignature).map((member) => ({
      name: member.name.getText(),
      optional: member.questionToken !== undefined,
      types: member.type?.getText().match(/[A-Z]\w+/g) ?? [],
    }))
    found.set(node.name.text, [...inherited, ...own])
  }
  return found
}

const source = read('lib/report/events.ts')
const shapes = new Map([...interfaces(source), ...interfaces(read('lib/core/place.ts'))])
const types = [
  ...source.matchAll(/interface (\w+)Event extends[^}]*?readonly type: '(\w+)'/gs),
].map(([, name, type]) => ({ type: type ?? '', fields: shapes.get(`${name}Event`) ?? [] }))
const sections = new Map(
  read('docs/events.md')
    .split(/^## /m)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
)

/** Says which fields an example lacks, and which nobody declared, all the way down. */
function faults(value: unknown, fields: readonly Field[], path: string): readonly string[] {
  const object = value as Record<string, unknown>
  const undeclared = Object.keys(object).filter((key) => !fields.some(({ name }) => name === key))
  return [
    ...undeclared.map((key) => `${path}.${key} is not declared`),
    ...fields.flatMap((field) => {
      const inner = object[field.name]
      if (inner === undefined) return field.optional ? [] : [`${path}.${field.name} is missing`]
      const shape = shapes.get(field.types.find((name) => shapes.has(name)) ?? '')
      if (shape === undefined || field.name === 'cause') return []
      const items =
        Array.isArray(inner) || field.types.includes('Record')
          ? Object.values(inner as object)
          : [inner]
      return items.flatMap((item) => faults(item, shape, `${path}.${field.name}`))
    }),
  ]
}

t.test('docs/events.md names every event type and field', async (t) => {
  t.equal(
    types.length,
    (/export type HostwrightEvent =([^]*?)\n\n/.exec(source)?.[1] ?? '').split('|').length - 1,
  )
  t.ok(types.length >= 9)
  const nested = (fields: readonly Field[]): readonly string[] =>
    fields.flatMap(({ name, types: made }) => [
      name,
      ...made.flatMap((type) =>
        type === 'ErrorRecord' && name === 'cause' ? [] : nested(shapes.get(type) ?? []),
      ),
    ])
  const [head] = sections.values()
  for (const { type, fields } of types) {
    const section = sections.get(type) ?? ''
    t.not(section, '', `a section for ${type}`)
    for (const name of nested(fields)) {
      const where = name === 'type' || name === 'time' ? head : section
      t.ok(where?.includes(`\`${name}\``), `${type} names ${name}`)
    }
    const [, example] = /```json\n(.*)\n```/.exec(section) ?? []
    const event = JSON.parse(example ?? '{}') as Record<string, unknown>
    t.equal(event['type'], type)
    t.same(faults(event, fields, type), [], `the example of ${type} has the declared fields`)
  }
})

t.test('docs/events.md names no event that there is not', async (t) => {
  const names = [...sections.keys()].filter((name) => /^\w+$/.test(name))
  t.same(names.toSorted(), types.map(({ type }) => type).toSorted())
})
