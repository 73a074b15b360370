import * as v from 'valibot'
import { Secret, secretParam } from '../../lib/index.js'

const word = v.pipe(
  v.string('is not a text'),
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'is not a name'),
)
const line = v.pipe(
  v.string('is not a text'),
  v.nonEmpty('is empty'),
  v.regex(/^[^\r\n\0]*$/, 'is not one line'),
)
const path = v.pipe(
  v.string('is not a path'),
  v.regex(/^\/[^\s"'\\\0]+$/, 'is not an absolute path without spaces, quotes and backslashes'),
)
const boolean = v.boolean('is neither true nor false')

/** What an option in acme_srv.cfg can be; lists are written as JSON. */
const option = v.union(
  [line, v.number(), v.boolean(), v.array(line), v.instance(Secret<string>)],
  'is neither text, number, boolean nor a list of texts',
)
const options = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, 'is not the name of an option')),
  option,
)

const openssl = v.strictObject({
  handler: v.literal('openssl'),
  /** Encrypted key of the issuing CA, on the nodes. @default ca/sub-ca-key.pk8 in the volume */
  issuingCaKey: v.optional(path),
  /** Reaches the service in its environment, from a file that only root reads. */
  issuingCaKeyPassphrase: v.optional(secretParam()),
  /** @default ca/sub-ca-cert.pem in the volume */
  issuingCaCert: v.optional(path),
  /** @default ca/sub-ca-crl.pem in the volume */
  issuingCaCrl: v.optional(path),
  /** Certificates above the issuing CA's. @default root-ca-cert.pem in the volume */
  caCertChainList: v.optional(v.array(path, 'is not a list of paths')),
  certValidityDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 30),
  /** Ends a certificate not later than the CA's. */
  certValidityAdjust: v.optional(boolean, true),
  /** @default ca/certs in the volume */
  certSavePath: v.optional(path),
  saveCertAsHex: v.optional(boolean, true),
  /** More options of the handler, as it names them. */
  options: v.optional(options, {}),
})

const other = v.strictObject({
  /** As in `examples/ca_handler/NAME_ca_handler.py`, or an absolute path. */
  handler: v.pipe(
    v.string('is not a text'),
    v.regex(/^([a-z0-9_]+|\/[^\s"'\\\0]+\.py)$/, 'is neither the name of a handler nor a path'),
    v.notValue('openssl', 'has other parameters: see README.md'),
  ),
  options: v.optional(options, {}),
  /** Secrets that the service finds in its environment. */
  environment: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[A-Z_][A-Z0-9_]*$/, 'is not the name of a variable')),
      secretParam(),
    ),
    {},
  ),
})

export const params = v.object({
  package: v.optional(
    v.pipe(
      v.string('is not a text'),
      v.regex(
        /^((https?:\/\/|\/|\.{0,2}\/)?[^\s"'\\\0]*)\.(deb|rpm)$/,
        'is neither the URL nor the path of a .deb or .rpm',
      ),
      v.description(
        "A .deb or .rpm: a URL, or a file on the controller; without it the project's release",
      ),
    ),
  ),
  packageSha256: v.optional(
    v.pipe(
      v.string('is not a text'),
      v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'),
      v.description("What the package's SHA-256 must be, in hexadecimal; a URL needs it"),
    ),
  ),
  packages: v.optional(
    v.pipe(
      v.array(line, 'is not a list of names'),
      v.description('What is installed besides; without it what the package needs in this family'),
    ),
  ),
  nodes: v.optional(
    v.pipe(
      v.array(line, 'is not a list of names'),
      v.minLength(1, 'is empty'),
      v.description("Inventory names of all nodes; without it the play's hosts"),
    ),
  ),
  migrationNode: v.optional(
    v.pipe(
      line,
      v.description(
        'The one node that makes the database, its account and its tables; without it the first of nodes',
      ),
    ),
  ),
  database: v.pipe(
    v.object(
      {
        name: v.optional(word, 'acme2certifier'),
        user: v.optional(word, 'acme2certifier'),
        password: secretParam(),
        host: v.optional(line, 'localhost'),
      },
      'is not a mapping',
    ),
    v.description(
      'host is as seen from each node; localhost, the default, is its own server, by its socket',
    ),
  ),
  secretKey: v.optional(
    v.pipe(
      secretParam(),
      v.description(
        "Django's SECRET_KEY; without it the one that a node has; else it is made, once for all nodes",
      ),
    ),
  ),
  allowedHosts: v.optional(
    v.pipe(
      v.array(line, 'is not a list of names'),
      v.description(
        "Names and addresses that clients use besides the nodes' own, such as a balancer's",
      ),
    ),
    [],
  ),
  caHandler: v.pipe(
    v.variant('handler', [openssl, other], 'is neither the name of a CA handler nor a path'),
    v.description('What signs: openssl with a CA on the nodes, or another handler by its name'),
  ),
  configuration: v.optional(
    v.pipe(
      v.record(
        v.pipe(
          v.string(),
          v.regex(/^[A-Za-z]+$/, 'is not the name of a section'),
          v.notValue('CAhandler', 'is what caHandler is for'),
        ),
        options,
      ),
      v.description('More of acme_srv.cfg: sections with their options'),
    ),
    {},
  ),
  tls: v.optional(
    v.pipe(
      v.object(
        {
          certificate: v.pipe(
            v.string('is not a text'),
            v.startsWith('-----BEGIN CERTIFICATE-----', 'is not a certificate in PEM'),
          ),
          key: secretParam(),
        },
        'is not a mapping',
      ),
      v.description(
        'What HTTPS shows, both in PEM; without it a self-signed certificate for every name, on each node',
      ),
    ),
  ),
})

export type Params = v.InferOutput<typeof params>
export type CaHandler = Params['caHandler']
export type Options = v.InferOutput<typeof options>
