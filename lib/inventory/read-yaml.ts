import {
  EVENT_ID,
  JSON_SCHEMA,
  YAMLException,
  constructFromEvents,
  parseEvents,
  type Event,
} from 'js-yaml'
import { HostwrightError, type ErrorCode } from '../core/errors.js'
import { jsonVaultKey, refineValue } from './refine-value.js'
import type { SourceText } from './source-reader.js'
import { ansibleSchema } from './yaml-schema.js'
import { eventOffset, yamlPlaces, type YamlPlaces } from './yaml-places.js'

export interface YamlDocument extends YamlPlaces {
  /** undefined for an empty document. */
  readonly value: unknown
}

/**
 * Reads one YAML or JSON document as Ansible does, its vault values decrypted.
 *
 * @param code the code of the error for a text that is no YAML
 * @param action what cannot be done then, as in `read inventory`
 * @throws HostwrightError with that code, VARIABLE_INVALID for a Jinja expression, VAULT_INVALID
 */
export async function readYaml(
  source: SourceText,
  code: ErrorCode,
  action: string,
): Promise<YamlDocument> {
  const { text, file } = source
  try {
    const events = parseEvents(text, { filename: file })
    refuseSecondDocument(events, source)
    const places = yamlPlaces(events, text, file)
    const schema = isJson(text) ? JSON_SCHEMA : ansibleSchema
    const [raw] = constructFromEvents(events, { source: text, filename: file, schema })
    const password = await passwordFor(events, source, places)
    return { ...places, value: refineValue(raw, { places, password, vaulted: source.vaulted }) }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const place = {
      file,
      ...(error.mark && { line: error.mark.line + 1, column: error.mark.column + 1 }),
    }
    // What js-yaml says may quote the text, which in a vault is secret.
    const reason = source.vaulted ? 'its text is not valid YAML' : error.reason
    throw new HostwrightError(code, `Cannot ${action} "${file}": ${reason}`, { place })
  }
}

function refuseSecondDocument(events: readonly Event[], { text, file }: SourceText): void {
  const second = events.findIndex((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT)
  const first = events.slice(second + 1).find((event) => event.type !== EVENT_ID.POP)
  if (second !== -1)
    YAMLException.throwAt(
      text,
      first === undefined ? text.length : eventOffset(first),
      'it holds more than one document',
      file,
    )
}

/** Asks for the vault password where a value needs it. */
async function passwordFor(
  events: readonly Event[],
  source: SourceText,
  places: YamlPlaces,
): Promise<string | undefined> {
  if (!hasVault(events, source.text)) return undefined
  try {
    return await source.password()
  } catch (error) {
    throw error instanceof HostwrightError ? error.with({ place: places.place([]) }) : error
  }
}

/** Ansible reads what is JSON as JSON: `1e3` is a number there, in YAML 1.1 it is a string. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function hasVault(events: readonly Event[], text: string): boolean {
  if (text.includes(jsonVaultKey)) return true
  return events.some(
    (event) =>
      event.type === EVENT_ID.SCALAR &&
      event.tagStart !== -1 &&
      text.slice(event.tagStart, event.tagEnd).startsWith('!vault'),
  )
}
