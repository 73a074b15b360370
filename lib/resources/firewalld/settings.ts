import { family, plain, readRichRule, richRule, type FirewalldRule } from './rule.js'

/** What is read of a zone's or policy's file. */
export interface Settings {
  readonly attributes: Readonly<Record<string, string>>
  readonly sources: readonly string[]
  readonly interfaces: readonly string[]
  readonly ingress: readonly string[]
  readonly egress: readonly string[]
  /** Ports and services that stand outside of rules. */
  readonly plain: readonly FirewalldRule[]
  readonly rules: readonly FirewalldRule[]
  /** What is none of these, as it stands there. */
  readonly others: readonly string[]
}

/** Which connections a policy is about, and what it says of those that no rule is about. */
export interface Frame {
  readonly priority: number
  readonly target: string
  readonly ingress: readonly string[]
  readonly egress: readonly string[]
}

interface Tag {
  readonly text: string
  readonly name: string
  readonly closes: boolean
  readonly empty: boolean
  readonly attributes: Readonly<Record<string, string>>
}

/** Reads a file of firewalld. See firewalld.zone(5), firewalld.policy(5). */
export function readSettings(xml: string): Settings {
  const tags = readTags(xml)
  const top = tags.filter(({ depth, closes }) => depth === 1 && !closes)
  const values = (name: string, attribute: string): string[] =>
    top.flatMap((tag) => (tag.name === name ? (tag.attributes[attribute] ?? []) : []))
  const ranges = top.filter(({ name }) => name === 'rule').map((tag) => tagsIn(tags, tag))
  const rules = ranges.map((range) => readRichRule(ruleText(range)))
  const known =
    /^(?:short|description|source|interface|ingress-zone|egress-zone|port|service|rule)$/
  return {
    attributes: tags.find(({ depth }) => depth === 0)?.attributes ?? {},
    sources: values('source', 'address'),
    interfaces: values('interface', 'name'),
    ingress: values('ingress-zone', 'name'),
    egress: values('egress-zone', 'name'),
    plain: top.flatMap((tag) => plainRule(tag) ?? []),
    rules: rules.flatMap((rule) => rule ?? []),
    others: [
      ...top.filter(({ name }) => !known.test(name)).map(({ text }) => text),
      ...ranges.filter((_, at) => rules[at] === undefined).map((range) => texts(range)),
    ],
  }
}

/** The file of a policy that lets in by rules. */
export function policyXml(
  { priority, target, ingress, egress }: Frame,
  rules: readonly FirewalldRule[],
): string {
  const lines = rules.flatMap((rule) => [
    rule.source === undefined ? '  <rule>' : `  <rule family="${family(rule.source)}">`,
    ...(rule.source === undefined ? [] : [`    <source address="${plain(rule.source)}"/>`]),
    'service' in rule
      ? `    <service name="${rule.service}"/>`
      : `    <port port="${rule.port}" protocol="${rule.protocol ?? 'tcp'}"/>`,
    '    <accept/>',
    '  </rule>',
  ])
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<policy priority="${priority}" target="${target}">`,
    ...ingress.map((zone) => `  <ingress-zone name="${zone}"/>`),
    ...egress.map((zone) => `  <egress-zone name="${zone}"/>`),
    ...lines,
    '</policy>',
    '',
  ].join('\n')
}

type Placed = Tag & { readonly depth: number; readonly at: number }

function readTags(xml: string): readonly Placed[] {
  let depth = 0
  const found = xml
    .replaceAll(/<!--[^]*?-->|<[?!][^>]*>/g, '')
    .matchAll(/<(\/?)([\w-]+)((?:\s+[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g)
  return [...found].map(([text, slash, name = '', attributes = '', end], at) => {
    const closes = slash === '/'
    const empty = end === '/'
    if (closes) depth -= 1
    const tag = { text, name, closes, empty, attributes: readAttributes(attributes), depth, at }
    if (!closes && !empty) depth += 1
    return tag
  })
}

function readAttributes(text: string): Record<string, string> {
  const found = text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)
  return Object.fromEntries([...found].map(([, name, one, two]) => [name, one ?? two ?? '']))
}

/** A tag and all up to its end. */
function tagsIn(tags: readonly Placed[], start: Placed): readonly Placed[] {
  if (start.empty) return [start]
  const end = tags.find(({ at, depth, closes }) => at > start.at && depth === start.depth && closes)
  return tags.slice(start.at, end === undefined ? undefined : end.at + 1)
}

function texts(tags: readonly Tag[]): string {
  return tags.map(({ text }) => text).join('')
}

/** A rule's tags in the form of a rich rule; what is no part of ours makes it another text. */
function ruleText(tags: readonly Placed[]): string {
  const [rule, ...inner] = tags
  const parts = inner
    .filter(({ closes }) => !closes)
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  return rule === undefined ? '' : [rule, ...parts].map(tagText).join(' ')
}

const order = ['source', 'service', 'port', 'accept']

function tagText({ name, attributes }: Tag): string {
  const values = Object.entries(attributes)
    .toSorted()
    .map(([key, value]) => `${key}="${value}"`)
  return [name, ...values].join(' ')
}

function plainRule({ name, attributes }: Tag): FirewalldRule | undefined {
  if (name === 'service') return { service: attributes['name'] ?? '' }
  const { port, protocol } = attributes
  if (name !== 'port' || port === undefined) return undefined
  return protocol === 'tcp' || protocol === 'udp' ? { port, protocol } : undefined
}

/** Rules by their texts: no rule stands twice. */
export function byText(rules: readonly FirewalldRule[]): ReadonlyMap<string, FirewalldRule> {
  return new Map(rules.map((rule) => [richRule(rule), rule]))
}
