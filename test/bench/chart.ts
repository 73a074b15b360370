import type { ContestantName } from './contestants.js'

interface Axis {
  readonly label: string
  /** @default false */
  readonly logarithmic?: boolean
  /** @default round numbers */
  readonly ticks?: readonly number[]
}

interface Line {
  readonly kind: ContestantName
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const width = 760
const box = { left: 70, right: 570, top: 56, bottom: 330 }

/** Its own ground, so that it can be read wherever the image is put; the colours follow the reader's. */
const style = `
  svg { --ground: #ffffff; --text: #1f2328; --quiet: #59636e; --grid: #d9dee3;
    --hostwright: #0b62d6; --ansible: #b93815; --mitogen: #0c7a66; --bare: #59636e; --login: #8250b0 }
  @media (prefers-color-scheme: dark) { svg { --ground: #161b22; --text: #e6edf3; --quiet: #9aa4af;
    --grid: #343b44; --hostwright: #63a8ff; --ansible: #ff9166; --mitogen: #4fd0b5; --bare: #b3bcc6;
    --login: #c8a2f0 } }
  text { font: 13px system-ui, sans-serif; fill: var(--quiet) }
  .title { font-size: 16px; font-weight: 600; fill: var(--text) }
  .value { fill: var(--text) }
  .ground { fill: var(--ground); stroke: var(--grid) }
  .grid { stroke: var(--grid) }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .hostwright { color: var(--hostwright) } .ansible { color: var(--ansible) }
  .mitogen { color: var(--mitogen) } .bare { color: var(--bare); stroke-dasharray: 7 4 }
  .login { color: var(--login); stroke-dasharray: 2 4 }
  .line { stroke: currentcolor } .dot, .bar { fill: currentcolor } .name { fill: currentcolor }`

/** Lines over an axis, each with its name at its end. */
export function lineChart(chart: {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
}): string {
  const { title, x, y, lines } = chart
  const points = lines.flatMap((line) => line.points)
  if (points.length === 0) return drawing(title, 120, [])
  const xs = points.map(([at]) => at)
  const ys = points.map(([, at]) => at)
  const yTicks = y.ticks ?? (y.logarithmic === true ? logarithmicTicks(ys) : roundTicks(ys))
  const toX = scale(x, [...xs, ...(x.ticks ?? [])], box.left, box.right)
  const toY = scale(y, [...ys, ...yTicks], box.bottom, box.top)
  const names = spread(
    lines.map((line) => ({ ...line, y: toY(line.points.at(-1)?.[1] ?? 0) })),
    17,
  )
  return drawing(title, 390, [
    ...yTicks.map((tick) => {
      const at = toY(tick)
      return `<path class="grid" d="M${box.left} ${n(at)}H${box.right}"/><text x="${box.left - 8}" y="${n(at + 4)}" text-anchor="end">${number(tick)}</text>`
    }),
    ...(x.ticks ?? roundTicks(xs)).map(
      (tick) =>
        `<text x="${n(toX(tick))}" y="${box.bottom + 22}" text-anchor="middle">${number(tick)}</text>`,
    ),
    `<text x="${(box.left + box.right) / 2}" y="${box.bottom + 46}" text-anchor="middle">${x.label}</text>`,
    `<text x="${box.left}" y="${box.top - 8}">${y.label}</text>`,
    ...lines.map(({ kind, points: own }) => {
      const path = own.map(([px, py]) => `${n(toX(px))} ${n(toY(py))}`).join('L')
      const dots = own.map(
        ([px, py]) => `<circle class="dot" cx="${n(toX(px))}" cy="${n(toY(py))}" r="4"/>`,
      )
      return `<g class="${kind}"><path class="line" d="M${path}"/>${dots.join('')}</g>`
    }),
    ...names.map(({ kind, label, y: at }) => {
      return `<g class="${kind}"><text class="name" x="${box.right + 12}" y="${n(at + 4)}">${label}</text></g>`
    }),
  ])
}

/** Bars from zero, each with its value at its end. */
export function barChart(chart: {
  readonly title: string
  readonly unit: string
  readonly bars: readonly {
    readonly kind: ContestantName
    readonly label: string
    readonly value: number
  }[]
}): string {
  const { title, unit, bars } = chart
  const longest = Math.max(...bars.map(({ value }) => value), 0)
  const left = 300
  const rows = bars.map(({ kind, label, value }, index) => {
    const top = box.top + index * 38
    const length = Math.max(2, (value / longest) * (width - left - 80))
    const text = `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`
    return [
      `<text x="${left - 10}" y="${top + 17}" text-anchor="end">${label}</text>`,
      `<g class="${kind}"><rect class="bar" x="${left}" y="${top}" width="${n(length)}" height="24" rx="3"/></g>`,
      `<text class="value" x="${n(left + length + 8)}" y="${top + 17}">${text}</text>`,
    ].join('')
  })
  return drawing(title, box.top + bars.length * 38 + 10, rows)
}

function drawing(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>${style}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text class="title" x="20" y="30">${title}</text>
${parts.join('\n')}
</svg>
`
}

/** From values to places on the drawing; a linear axis begins at 0. */
function scale(
  { logarithmic = false }: Axis,
  values: readonly number[],
  from: number,
  to: number,
): (value: number) => number {
  const place = logarithmic ? Math.log : (value: number) => value
  const [least, most] = [logarithmic ? place(Math.min(...values)) : 0, place(Math.max(...values))]
  return (value) => from + ((place(value) - least) / (most - least || 1)) * (to - from)
}

/** Moves names that would stand on one another apart. */
function spread<T extends { readonly y: number }>(
  names: readonly T[],
  apart: number,
): readonly T[] {
  const sorted = names.toSorted((a, b) => b.y - a.y)
  const placed: T[] = []
  for (const name of sorted) {
    const below = placed.at(-1)
    placed.push({ ...name, y: below ? Math.min(name.y, below.y - apart) : name.y })
  }
  return placed
}

/** Some five round numbers from 0 on. */
function roundTicks(values: readonly number[]): readonly number[] {
  const most = Math.max(...values)
  const rough = 10 ** Math.floor(Math.log10(most / 4))
  const step = [1, 2, 5, 10].map((times) => times * rough).find((one) => most / one <= 6) ?? most
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, at) => at * step)
}

/** 1, 2 and 5 of each power of ten, as far as the values go. */
function logarithmicTicks(values: readonly number[]): readonly number[] {
  const powers = [-3, -2, -1, 0, 1, 2, 3, 4].map((power) => 10 ** power)
  const all = powers.flatMap((power) => [power, 2 * power, 5 * power])
  const first = all.findLastIndex((tick) => tick <= Math.min(...values))
  const last = all.findIndex((tick) => tick >= Math.max(...values))
  return all.slice(first, last + 1)
}

function number(value: number): string {
  return String(Math.round(value * 1000) / 1000)
}

function n(value: number): string {
  return value.toFixed(1)
}
