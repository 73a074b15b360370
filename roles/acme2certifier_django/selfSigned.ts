import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { quote, resourceType, type Plan } from '../../lib/index.js'
import { pathOf, content, stat, supposing } from '../../lib/internal.js'

export interface SelfSignedOptions {
  /** PEM; readable by all. */
  readonly certificate: string
  /** PEM; only root reads it, and it never leaves the host. */
  readonly key: string
  readonly subject: string
  /** Names and addresses. */
  readonly names: readonly string[]
}

/** Days. */
const lifetime = 3650
/** A certificate is made anew where it ends within so many days. */
const reserve = 30

/** A certificate that its own key has signed, made once, and again when names are added or it ends. */
export const selfSigned = resourceType<SelfSignedOptions>({
  name: 'selfSigned',
  title: ({ certificate }) => certificate,
  reads: ({ certificate, key }) => [content(certificate), stat(key)],
  plan: supposing((wish, ask): Plan => {
    const now = ask(content(wish.certificate))
    const hasKey = ask(stat(wish.key)).type !== 'absent'
    const from = now === null || !hasKey ? 'absent' : lack(now, wish.names)
    if (from === undefined) return { changes: [], steps: [] }
    const about = (path: string | undefined) => path === wish.certificate || path === wish.key
    return {
      changes: [{ property: 'certificate', from, to: wish.names.join(', ') }],
      steps: [{ script: make(wish) }],
      effects: {
        stale: (query) => about(pathOf(query)) || query.kind.name === 'shell',
        unknown: {
          when: (query) => about(pathOf(query)),
          reason: `the certificate ${wish.certificate} would be made first`,
        },
      },
    }
  }),
})

/** What a certificate is not good for; undefined where it is. */
function lack(pem: Buffer, names: readonly string[]): string | undefined {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch {
    return 'not a certificate'
  }
  const missing = names.filter((name) =>
    isIP(name) > 0 ? !certificate.checkIP(name) : !certificate.checkHost(name),
  )
  if (missing.length > 0) return `without ${missing.join(', ')}`
  const end = Date.parse(certificate.validTo)
  return end - Date.now() < reserve * 86_400_000 ? `valid to ${certificate.validTo}` : undefined
}

function make({ certificate, key, subject, names }: SelfSignedOptions): string {
  const alternatives = names.map((name) => `${isIP(name) > 0 ? 'IP' : 'DNS'}:${name}`).join(',')
  // The certificate comes last: where it is, the pair is whole.
  return `umask 077
tmp=$(mktemp -d) || exit
trap 'rm -rf -- "$tmp"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${lifetime} \\
  -subj ${quote(`/CN=${subject}`)} -addext ${quote(`subjectAltName=${alternatives}`)} \\
  -keyout "$tmp/key" -out "$tmp/certificate" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
chmod 0644 "$tmp/certificate"
install -m 0600 -- "$tmp/key" ${quote(`${key}.new`)} && install -m 0644 -- "$tmp/certificate" ${quote(`${certificate}.new`)} &&
  mv -fT -- ${quote(`${key}.new`)} ${quote(key)} && mv -fT -- ${quote(`${certificate}.new`)} ${quote(certificate)}`
}
