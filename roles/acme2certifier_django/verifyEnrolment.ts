import { randomBytes, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { check, HostwrightError, role, type Check, type Host } from '../../lib/index.js'
import { ask } from '../mariadb_master_master/sql.js'
import { isOpenssl, opensslOptions } from './configuration.js'
import { familyOf } from './families.js'
import { here, succeed, withLego, type Lego, type Server } from './lego.js'
import { shownBy } from './nginx.js'
import { addressOf, nodesOf } from './nodes.js'
import { params, type Params } from './params.js'

/** Milliseconds for what one node has done to come to another. */
const patience = 20_000

/** The variable `verify` of the inventory. */
const settings = role({
  name: 'verify',
  params: v.object({
    /** Certificates are ordered for `verify-….DOMAIN`. Where challenges are validated, all these names lead to the controller. @default none: nothing is enrolled */
    domain: v.optional(
      v.pipe(
        v.string('is not a text'),
        v.regex(
          /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
          'is not a domain',
        ),
      ),
    ),
    /** Where the controller answers challenges; servers ask at 80, so another takes a redirection. 0 is any that is free, where nothing validates. */
    port: v.optional(
      v.pipe(
        v.number('is not a number'),
        v.integer('is not a whole number'),
        v.minValue(0, 'is less than 0'),
        v.maxValue(65_535, 'is more than 65535'),
      ),
      80,
    ),
  }),
  run: async (_, wish) => await Promise.resolve(wish),
})

/**
 * Enrols through a node as clients do, with lego on the controller, and uses the account through
 * another node; the chain is verified by openssl; what is revoked through the other node is revoked
 * here. For one node at a time: two revocations at once are one in the CRL. What was issued stays in
 * the server's database. It takes the role's own parameters, and `verify` of the inventory.
 */
export const verifyEnrolment = role({
  name: 'acme2certifier_django',
  params,
  returns: 'the checks, each with its result',
  async run(host, wish): Promise<readonly Check[]> {
    const { domain, port } = await settings(host)
    const skip = domain === undefined ? 'the inventory sets no verify.domain' : undefined
    return await withLego(domain ?? '', port, async (lego) => {
      const name = nameIn(domain ?? '')
      let certificate = ''
      const enrols = await check(
        host,
        'lego enrols',
        async () => (certificate = await lego.enrol(await serverOf(host), name)),
        { probes: true, skip },
      )
      if (enrols.result !== 'passed') return [enrols]
      return [
        enrols,
        await check(
          host,
          'openssl verifies the chain',
          async () => await verifyChain(lego, certificate, await rootOf(host, wish)),
          { skip: unlessOpenssl(wish) },
        ),
        ...(await verifyElsewhere(host, wish, { lego, name, certificate, other: nameIn(domain!) })),
      ]
    })
  },
})

interface Enrolled {
  readonly lego: Lego
  readonly name: string
  /** The file with its chain. */
  readonly certificate: string
  /** Another name, for the same account. */
  readonly other: string
}

/** What was done through one node is so on the others. */
async function verifyElsewhere(
  host: Host,
  wish: Params,
  { lego, name, certificate, other }: Enrolled,
): Promise<readonly Check[]> {
  const { names } = nodesOf(host, wish)
  const peers = names.filter((one) => one !== host.name).map((one) => host.delegateTo(one))
  const checks: Check[] = []
  for (const peer of peers) {
    checks.push(
      await check(
        host,
        `the certificate is in the database of ${peer.name}`,
        async () => await isInDatabase(peer, wish, name),
        { within: patience, skip: unlessLocal(wish) },
      ),
      await check(host, `the account enrols through ${peer.name}`, async () => {
        const [from, to] = [await serverOf(host), await serverOf(peer)]
        await lego.takeAccount(from, to)
        await lego.enrol(to, other)
      }),
    )
  }
  const last = peers.at(-1) ?? host
  const revoked = await check(
    host,
    `the certificate is revoked through ${last.name}`,
    async () => await lego.revoke(await serverOf(last), name),
  )
  checks.push(revoked)
  const within = revoked.result === 'passed' ? patience : 0
  for (const node of [host, ...peers])
    checks.push(
      await check(
        host,
        `the revocation is in the CRL of ${node.name}`,
        async () => await isInCrl(node, wish, certificate),
        { within, skip: unlessOpenssl(wish) },
      ),
    )
  return checks
}

function nameIn(domain: string): string {
  return `verify-${randomBytes(5).toString('hex')}.${domain}`
}

async function serverOf(host: Host): Promise<Server> {
  return { address: addressOf(host), certificate: await shownBy(host) }
}

function unlessOpenssl({ caHandler }: Params): string | undefined {
  return isOpenssl(caHandler)
    ? undefined
    : `handler "${caHandler.handler}" does not say where its certificates and its CRL are`
}

function unlessLocal({ database: { host } }: Params): string | undefined {
  return host === 'localhost' ? undefined : `the database is on ${host}`
}

/** Where the openssl handler has its files, on every node. */
async function filesOf(host: Host, { caHandler }: Params) {
  const { home } = familyOf((await host.facts()).family)
  if (!isOpenssl(caHandler)) throw new Error('its files are not known')
  const { ca_cert_chain_list: roots, issuing_ca_crl: crl } = opensslOptions(caHandler, home)
  return { roots, crl }
}

async function rootOf(host: Host, wish: Params): Promise<string> {
  const { roots } = await filesOf(host, wish)
  return (await host.$({ readOnly: true })`cat ${roots}`).stdout
}

async function verifyChain(lego: Lego, certificate: string, root: string): Promise<void> {
  const trusted = lego.file('root.pem')
  await writeFile(trusted, root)
  await succeed(here`openssl verify -CAfile ${trusted} -untrusted ${certificate} ${certificate}`)
}

async function isInDatabase(host: Host, { database }: Params, name: string): Promise<void> {
  const rows = await ask(
    host,
    `SELECT c.id FROM ${database.name}.acme_srv_certificate c
     JOIN ${database.name}.acme_srv_order o ON o.id = c.order_id
     WHERE o.identifiers LIKE '%${name}%' AND c.cert_raw <> ''`,
  )
  if (rows.length === 0)
    throw missing(name, `the database of ${host.name} has no certificate of it`)
}

async function isInCrl(host: Host, wish: Params, certificate: string): Promise<void> {
  const { serialNumber } = new X509Certificate(await readFile(certificate))
  const { crl } = await filesOf(host, wish)
  const { stdout } = await host.$({ readOnly: true })`openssl crl -in ${crl} -noout -text`
  if (!stdout.includes(serialNumber))
    throw missing(serialNumber, `it is not in ${crl} on ${host.name}`)
}

function missing(what: string, where: string): HostwrightError {
  return new HostwrightError('CHECK_FAILED', `Cannot find "${what}": ${where}`, {
    hint: 'see whether replication and lsyncd run',
  })
}
