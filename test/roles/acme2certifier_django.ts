import t from 'tap'
import * as v from 'valibot'
import { secret, Secret } from '../../lib/index.js'
import {
  configurationText,
  environmentOf,
} from '../../roles/acme2certifier_django/configuration.js'
import { environmentText } from '../../roles/acme2certifier_django/environment.js'
import { familyOf } from '../../roles/acme2certifier_django/families.js'
import { packageSource } from '../../roles/acme2certifier_django/packageSource.js'
import { params } from '../../roles/acme2certifier_django/params.js'

const home = '/opt/acme2certifier'
const least = { database: { password: 'database' }, caHandler: { handler: 'openssl' } }

function wish(given: object = {}) {
  return v.parse(params, { ...least, ...given })
}

t.test('the parameters say what is wrong', (t) => {
  const cases: [object, RegExp][] = [
    [{ caHandler: { handler: 'openssl', issuingCaKeyPasphrase: 'x' } }, /issuingCaKeyPasphrase/],
    [{ caHandler: { handler: 'openssl', issuingCaKey: 'relative' } }, /not an absolute path/],
    [{ caHandler: { handler: '../x' } }, /neither the name of a CA handler nor a path/],
    [{ caHandler: { handler: 'certifier', options: { a: 'two\nlines' } } }, /option|neither/],
    [{ configuration: { CAhandler: {} } }, /what caHandler is for/],
    [{ package: 'https://example.com/acme.zip' }, /neither the URL nor the path/],
    [{ packageSha256: 'abc' }, /not a SHA-256/],
    [{ tls: { certificate: 'x', key: 'y' } }, /not a certificate in PEM/],
  ]
  for (const [given, message] of cases) {
    const result = v.safeParse(params, { ...least, ...given })
    t.notOk(result.success, JSON.stringify(given))
    const told = result.issues
      ?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
      .join('\n')
    t.match(told, message)
  }
  t.end()
})

t.test('configurationText() gives the section for openssl of acme2certifier’s guide', (t) => {
  const text = configurationText(
    wish({ caHandler: { handler: 'openssl', issuingCaKeyPassphrase: 'lab pass' } }),
    home,
  )
  t.match(
    text,
    `[CAhandler]
handler_file: ${home}/examples/ca_handler/openssl_ca_handler.py
ca_cert_chain_list: ["${home}/volume/root-ca-cert.pem"]
issuing_ca_key: ${home}/volume/ca/sub-ca-key.pk8
issuing_ca_key_passphrase_variable: OPENSSL_PASSPHRASE
issuing_ca_cert: ${home}/volume/ca/sub-ca-cert.pem
issuing_ca_crl: ${home}/volume/ca/sub-ca-crl.pem
cert_validity_days: 30
cert_validity_adjust: True
cert_save_path: ${home}/volume/ca/certs
save_cert_as_hex: True
`,
  )
  t.match(text, '[Directory]\ndb_check: True\n')
  t.notMatch(text, 'lab pass')
  t.end()
})

t.test('configurationText() is a secret where an option is one', (t) => {
  const caHandler = { handler: 'certifier', options: { password: secret('wachtwoord'), ca: 'x' } }
  const text = configurationText(wish({ caHandler }), home)
  t.ok(text instanceof Secret)
  t.match((text as Secret).reveal(), 'password: wachtwoord\nca: x\n')
  const more = wish({ configuration: { Directory: { db_check: false }, Hooks: { a: ['b'] } } })
  t.match(configurationText(more, home), '[Directory]\ndb_check: False\n')
  t.match(configurationText(more, home), '[Hooks]\na: ["b"]\n')
  t.end()
})

t.test('environmentText() escapes what systemd would read otherwise', (t) => {
  const passphrase = 'a"b\\c`d$e f'
  const caHandler = { handler: 'openssl', issuingCaKeyPassphrase: passphrase }
  const text = environmentText(environmentOf(wish({ caHandler }))).reveal()
  t.equal(text, 'OPENSSL_PASSPHRASE="a\\"b\\\\c\\`d\\$e f"\n')
  t.throws(() => environmentText({ X: secret('two\nlines') }), {
    code: 'PARAMETER_INVALID',
    message: 'Cannot set variable "X": its value is not one line',
  })
  t.end()
})

t.test('packageSource() takes the release of the family, and refuses the other format', (t) => {
  const sum = '0'.repeat(64)
  const names = {
    debian: 'acme2certifier_0.43.1-1_all.deb',
    redhat: 'acme2certifier-0.43.1-1.0.noarch.rpm',
  }
  for (const [family, name] of Object.entries(names)) {
    const source = packageSource(wish({ packageSha256: sum }), familyOf(family))
    t.match(source, {
      url: new RegExp(`/download/0\\.43\\.1/${name}$`),
      path: `/var/lib/acme2certifier/${name}`,
      sha256: sum,
    })
    t.throws(
      () => packageSource(wish(), familyOf(family)),
      { code: 'PARAMETER_INVALID', message: /packageSha256 is missing/ },
      'what comes from the web is checked',
    )
  }
  t.throws(
    () => packageSource(wish({ package: 'https://example.com/a.deb' }), familyOf('redhat')),
    {
      code: 'PARAMETER_INVALID',
      message: /the host takes files of format rpm/,
    },
  )
  t.throws(() => packageSource(wish({ package: './nowhere.deb' }), familyOf('debian')), {
    message: 'Cannot find package "./nowhere.deb": there is no such file',
  })
  t.end()
})
