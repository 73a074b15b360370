import { dirname } from 'node:path/posix'
import { secret, Secret } from '../../lib/index.js'
import type { Options, Params } from './params.js'

type Section = Readonly<Record<string, Options[string] | undefined>>

/** The text of acme_srv.cfg; a secret where any of its options is one. */
export function configurationText(params: Params, home: string): string | Secret {
  const sections: Record<string, Section> = {
    DEFAULT: { debug: false },
    Nonce: { nonce_check_disable: false },
    Challenge: { challenge_validation_disable: false },
    // Without it the answer is the same whether there is a database or not.
    Directory: { db_check: true },
    Order: { tnauthlist_support: false },
  }
  for (const [name, options] of Object.entries(params.configuration))
    sections[name] = { ...sections[name], ...options }
  sections['CAhandler'] = handlerSection(params, home)
  const text = Object.entries(sections).map(([name, options]) => `[${name}]\n${linesOf(options)}`)
  const all = `# Written by the role acme2certifier_django\n\n${text.join('\n')}`
  const values = Object.values(sections).flatMap((options) => Object.values(options))
  return values.some((value) => value instanceof Secret) ? secret(all) : all
}

/** What the service finds in its environment. */
export function environmentOf({ caHandler }: Params): Readonly<Record<string, Secret>> {
  if ('environment' in caHandler) return caHandler.environment
  const { issuingCaKeyPassphrase: passphrase } = caHandler
  return passphrase === undefined ? {} : { [passphraseVariable]: passphrase }
}

/** Folders that the CA handler writes to, as far as they are in the volume. */
export function handlerFolders({ caHandler }: Params, home: string): readonly string[] {
  if (!isOpenssl(caHandler)) return []
  const { issuing_ca_crl: crl, cert_save_path: certificates } = opensslOptions(caHandler, home)
  return [dirname(crl), certificates].filter((path) => path.startsWith(`${home}/volume/`))
}

const passphraseVariable = 'OPENSSL_PASSPHRASE'

function handlerSection({ caHandler }: Params, home: string): Section {
  const file = caHandler.handler.startsWith('/')
    ? caHandler.handler
    : `${home}/examples/ca_handler/${caHandler.handler}_ca_handler.py`
  const options = isOpenssl(caHandler) ? opensslOptions(caHandler, home) : {}
  return { handler_file: file, ...options, ...caHandler.options }
}

export function opensslOptions(caHandler: Openssl, home: string) {
  const volume = `${home}/volume`
  return {
    ca_cert_chain_list: caHandler.caCertChainList ?? [`${volume}/root-ca-cert.pem`],
    issuing_ca_key: caHandler.issuingCaKey ?? `${volume}/ca/sub-ca-key.pk8`,
    issuing_ca_key_passphrase_variable:
      caHandler.issuingCaKeyPassphrase === undefined ? undefined : passphraseVariable,
    issuing_ca_cert: caHandler.issuingCaCert ?? `${volume}/ca/sub-ca-cert.pem`,
    issuing_ca_crl: caHandler.issuingCaCrl ?? `${volume}/ca/sub-ca-crl.pem`,
    cert_validity_days: caHandler.certValidityDays,
    cert_validity_adjust: caHandler.certValidityAdjust,
    cert_save_path: caHandler.certSavePath ?? `${volume}/ca/certs`,
    save_cert_as_hex: caHandler.saveCertAsHex,
  }
}

type Openssl = Extract<Params['caHandler'], { readonly handler: 'openssl' }>

export function isOpenssl(caHandler: Params['caHandler']): caHandler is Openssl {
  return caHandler.handler === 'openssl'
}

function linesOf(options: Section): string {
  return Object.entries(options)
    .map(([name, value]) => (value === undefined ? '' : `${name}: ${valueText(value)}\n`))
    .join('')
}

/** As Python's configparser reads it. */
function valueText(value: Options[string]): string {
  if (value instanceof Secret) return value.reveal()
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
