import { EVENT_ID, SCALAR_STYLE, getScalarValue, type Event, type ScalarEvent } from 'js-yaml'
import type { Place } from '../core/place.js'
import { ansibleSchema } from './yaml-schema.js'

/** The way to a value: keys of mappings and indexes of sequences. */
export type Path = readonly string[]

export interface YamlPlaces {
  /** Where a value is written, or the nearest value around it that is known. */
  place(path: Path): Place
  /** Whether the last key of a path is a string, not a number or a boolean. */
  isText(path: Path): boolean
}

interface Frame {
  readonly kind: 'mapping' | 'sequence' | 'document'
  readonly path: Path
  key: string | undefined
  index: number
}

/** Finds the line of every key and item in js-yaml's events, whose values carry no positions. */
export function yamlPlaces(events: readonly Event[], source: string, file: string): YamlPlaces {
  const offsets = new Map<string, number>()
  const notText = new Set<string>()
  const frames: Frame[] = []
  for (const event of events) {
    const frame = frames.at(-1)
    if (event.type === EVENT_ID.POP) {
      frames.pop()
      continue
    }
    if (event.type === EVENT_ID.DOCUMENT) {
      frames.push({ kind: 'document', path: [], key: undefined, index: 0 })
      continue
    }
    if (frame?.kind === 'mapping' && frame.key === undefined) {
      const key = event.type === EVENT_ID.SCALAR ? keyOf(event, source) : ''
      frame.key = String(key)
      const path = encode([...frame.path, frame.key])
      offsets.set(path, eventOffset(event))
      if (typeof key !== 'string') notText.add(path)
      if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING)
        frames.push({ kind: 'sequence', path: [...frame.path, ''], key: undefined, index: 0 })
      continue
    }
    const path = pathOf(frame)
    if (frame?.kind !== 'mapping') offsets.set(encode(path), eventOffset(event))
    if (frame !== undefined) frame.key = undefined
    if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING)
      frames.push({
        kind: event.type === EVENT_ID.SEQUENCE ? 'sequence' : 'mapping',
        path,
        key: undefined,
        index: 0,
      })
  }
  const lines = lineStarts(source)
  return {
    place: (path) => ({ file, ...position(lines, nearest(offsets, path)) }),
    isText: (path) => !notText.has(encode(path)),
  }
}

function pathOf(frame: Frame | undefined): Path {
  if (frame === undefined || frame.kind === 'document') return []
  return [...frame.path, frame.kind === 'mapping' ? (frame.key ?? '') : String(frame.index++)]
}

/** Values that were merged in stand where `<<` does. */
function nearest(offsets: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const around = path.slice(0, length)
    const offset =
      offsets.get(encode(around)) ?? offsets.get(encode([...around.slice(0, -1), '<<']))
    if (offset !== undefined) return offset
  }
  return 0
}

/** A key as the schema reads it: `no:` is false. */
function keyOf(event: ScalarEvent, source: string): unknown {
  const text = getScalarValue(source, event)
  const plain = event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1
  return plain ? ansibleSchema.resolveImplicitScalarTag(text).value : text
}

/** Where in the text an event starts, its tag, anchor and opening quote included. */
export function eventOffset(event: Event): number {
  if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return 0
  const starts = [event.anchorStart]
  if ('tagStart' in event) starts.push(event.tagStart)
  if ('start' in event) starts.push(event.start)
  if ('valueStart' in event) starts.push(event.valueStart - (isQuoted(event) ? 1 : 0))
  return Math.min(...starts.filter((start) => start >= 0))
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
}

function encode(path: Path): string {
  return JSON.stringify(path)
}

function lineStarts(source: string): number[] {
  return [0, ...[...source.matchAll(/\r\n|\r|\n/g)].map((found) => found.index + found[0].length)]
}

function position(
  lines: readonly number[],
  offset: number,
): { readonly line: number; readonly column: number } {
  let line = 0
  let above = lines.length
  while (above - line > 1) {
    const middle = (line + above) >> 1
    if ((lines[middle] ?? 0) <= offset) line = middle
    else above = middle
  }
  return { line: line + 1, column: offset - (lines[line] ?? 0) + 1 }
}
