import {
  NOT_RESOLVED,
  Schema,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  mapTag,
  mergeTag,
  nullYaml11Tag,
  seqTag,
  strTag,
} from 'js-yaml'

/** A value tagged `!vault`, not yet decrypted. */
export class VaultText {
  constructor(readonly text: string) {}
}

/** A value tagged `!unsafe`: what looks like a Jinja expression in it is meant literally. */
export class Unsafe {
  constructor(readonly value: unknown) {}
}

const integerPattern =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const floatPattern =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

const boolTag = defineScalarTag('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: [...'yYnNtTfFoO'],
  resolve: (text) =>
    /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)
      ? true
      : /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)
        ? false
        : NOT_RESOLVED,
  identify: () => false,
})

const intTag = defineScalarTag<number | string>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: [...'-+0123456789'],
  resolve: (text) => {
    if (!integerPattern.test(text)) return NOT_RESOLVED
    const value = parseInteger(text.replaceAll('_', ''))
    // The digits that a number cannot hold are kept in a string.
    return Number.isSafeInteger(value) ? value : text
  },
  identify: () => false,
})

const floatTag = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: [...'-+.0123456789'],
  resolve: (text, isExplicit) =>
    floatPattern.test(text) || (isExplicit && integerPattern.test(text))
      ? parseFloatText(text.replaceAll('_', '').toLowerCase())
      : NOT_RESOLVED,
  identify: () => false,
})

const vaultTags = ['!vault', '!vault-encrypted'].map((name) =>
  defineScalarTag<VaultText>(name, {
    resolve: (text) => new VaultText(text),
    identify: () => false,
  }),
)

const unsafeTags = [
  defineScalarTag<Unsafe>('!unsafe', {
    resolve: (text) => new Unsafe(text),
    identify: () => false,
  }),
  defineSequenceTag<unknown[], Unsafe>('!unsafe', {
    create: () => [],
    addItem: (items, item) => void items.push(item),
    finalize: (items) => new Unsafe(items),
    identify: () => false,
  }),
  defineMappingTag<Record<string, unknown>, Unsafe>('!unsafe', {
    create: () => mapTag.create(''),
    addPair: (carrier, key, value) => mapTag.addPair(carrier, key, value),
    has: (carrier, key) => mapTag.has(carrier, key),
    keys: (result) => mapTag.keys(result.value as Record<string, unknown>),
    get: (result, key) => mapTag.get(result.value as Record<string, unknown>, key),
    finalize: (carrier) => new Unsafe(carrier),
    identify: () => false,
  }),
]

/**
 * YAML 1.1 as PyYAML reads it, with Ansible's tags: `yes` is true, `y` a string, 0644 is 420, 1:30 is
 * 90, 1e3 a string. Timestamps stay strings; every tag that is not listed here is refused.
 *
 * @see PyYAML 6.0, yaml/resolver.py, and ansible-core 2.14, parsing/yaml/constructor.py
 */
export const ansibleSchema = new Schema([
  strTag,
  nullYaml11Tag,
  boolTag,
  intTag,
  floatTag,
  mergeTag,
  seqTag,
  mapTag,
  ...vaultTags,
  ...unsafeTags,
])

function parseInteger(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '')
  if (digits.includes(':')) return sign * sexagesimal(digits)
  if (/^0[0-7]+$/.test(digits)) return sign * parseInt(digits, 8)
  const value = Number(digits)
  return value === 0 ? 0 : sign * value
}

function parseFloatText(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '')
  if (digits === '.inf') return sign * Infinity
  if (digits === '.nan') return NaN
  return sign * (digits.includes(':') ? sexagesimal(digits) : Number(digits))
}

/** Base 60: hours, minutes, seconds. */
function sexagesimal(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
