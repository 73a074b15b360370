import * as v from 'valibot'
import { command, directory, quote, role, secretParam } from '../../lib/index.js'

const path = v.pipe(v.string('is not a path'), v.startsWith('/', 'is not an absolute path'))

/**
 * A certification authority to try things with: a root, an issuing CA whose key is encrypted, and its
 * empty CRL. The play's first host makes it once, in a folder that is mirrored; the others wait until
 * it has come. What is there is never made anew.
 *
 * @example
 * await acmeTestCa(host, { folder: '/opt/acme2certifier/volume', owner: 'nginx', passphrase })
 */
export const acmeTestCa = role({
  name: 'acme_test_ca',
  params: v.object({
    folder: v.pipe(path, v.description('root-ca-cert.pem and ca/ are put there')),
    owner: v.pipe(
      v.string('is not a name'),
      v.regex(/^[a-z_][a-z0-9_-]*$/, 'is not a name'),
      v.description("Who issues: the only one besides root who reads the issuing CA's key"),
    ),
    passphrase: v.pipe(secretParam(), v.description("The passphrase of the issuing CA's key")),
  }),
  async run(host, { folder, owner, passphrase }) {
    const last = `${folder}/ca/sub-ca-crl.pem`
    if (host.name !== host.hosts[0]) {
      await host.ensure(
        command({
          name: `wait for ${last}`,
          run: `left=120; until [ -s ${quote(last)} ]; do left=$((left - 1)); [ $left -gt 0 ] || { echo 'it has not come' >&2; exit 1; }; sleep 0.5; done`,
          creates: last,
        }),
      )
      return
    }
    await host.ensure([
      directory({ path: folder }),
      command({
        name: `make a test CA in ${folder}`,
        run: makeCa,
        creates: last,
        env: { folder, owner, PASSPHRASE: passphrase },
      }),
    ])
  },
})

// The CRL comes last to its place: where it is, all is there. The root's key is kept nowhere, so
// that nothing else is ever signed by it.
const makeCa = `set -e
umask 077
tmp=$(mktemp -d)
trap 'rm -rf -- "$tmp"' EXIT
cd "$tmp"
mkdir ca ca/certs
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \\
  -subj '/CN=Test root CA' -addext 'keyUsage=critical,keyCertSign,cRLSign' \\
  -keyout root.key -out root-ca-cert.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass env:PASSPHRASE \\
  -out ca/sub-ca-key.pk8
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' >extensions
openssl req -new -key ca/sub-ca-key.pk8 -passin env:PASSPHRASE -subj '/CN=Test issuing CA' -out request
openssl x509 -req -in request -CA root-ca-cert.pem -CAkey root.key -CAcreateserial -days 3600 \\
  -extfile extensions -out ca/sub-ca-cert.pem
: >index
printf '[ca]\\ndefault_ca=own\\n[own]\\ndatabase=index\\ndefault_md=sha256\\ndefault_crl_days=365\\n' >settings
openssl ca -gencrl -config settings -cert ca/sub-ca-cert.pem -keyfile ca/sub-ca-key.pk8 \\
  -passin env:PASSPHRASE -out ca/sub-ca-crl.pem
install -d -o "$owner" -g "$owner" -m 0755 -- "$folder/ca" "$folder/ca/certs"
install -o "$owner" -g "$owner" -m 0644 -- root-ca-cert.pem "$folder/root-ca-cert.pem"
install -o "$owner" -g "$owner" -m 0600 -- ca/sub-ca-key.pk8 "$folder/ca/"
install -o "$owner" -g "$owner" -m 0644 -- ca/sub-ca-cert.pem "$folder/ca/"
install -o "$owner" -g "$owner" -m 0644 -- ca/sub-ca-crl.pem "$folder/ca/"`
