import type { Parameter } from './describe-schema.js'

/** Types that are longer stand below what is said of the parameter. */
const widestType = 40
const width = 100

/** Where a line may end: between words; in a type between fields, and before another shape. */
const betweenWords = / /
const betweenFields = /(?<=, )|(?<= )(?=or \{)/

/** What a role takes, as lines for a terminal. */
export function parameterTable(parameters: readonly Parameter[]): readonly string[] {
  const types = parameters.map(({ type }) => (type.length > widestType ? 'as below' : type))
  const first = Math.max(...parameters.map(({ name }) => name.length))
  const second = Math.max(...types.map(({ length }) => length))
  const indent = ' '.repeat(first + 4)
  return parameters.flatMap(({ name, type, fallback, description = '' }, at) => {
    const shown = types[at] ?? ''
    return [
      `  ${name.padEnd(first)}  ${shown.padEnd(second)}  ${fallback}`,
      ...filled(description.split(betweenWords), ' ').map((line) => indent + line),
      ...(shown === type ? [] : filled(type.split(betweenFields), '')).map((line, index) =>
        `${indent}${index === 0 ? '' : '  '}${line}`.trimEnd(),
      ),
    ]
  })

  /** As many of the parts in a line as there is room for. */
  function filled(parts: readonly string[], between: string): readonly string[] {
    const lines: string[] = []
    for (const part of parts) {
      const longer = [...lines.slice(-1), part].join(between)
      const fits = lines.length > 0 && indent.length + 2 + longer.trimEnd().length <= width
      lines.splice(fits ? -1 : lines.length, fits ? 1 : 0, fits ? longer : part)
    }
    return lines.filter((line) => line !== '')
  }
}
