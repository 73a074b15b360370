import { file, template, type Host } from '../../lib/index.js'
import type { Family } from './families.js'
import { nginxTest, reloadNginx } from './handlers.js'
import type { Params } from './params.js'
import { selfSigned } from './selfSigned.js'

const folder = '/etc/nginx/conf.d'
const plain = `${folder}/nginx_acme_srv.conf`
const certificate = '/etc/nginx/acme2certifier_cert.pem'
const key = '/etc/nginx/acme2certifier_key.pem'

/** The sites for HTTP and HTTPS, under the names that the package's examples have. */
export function nginxSites(
  { tls }: Params,
  family: Family,
  subject: string,
  names: readonly string[],
) {
  const vars = { socket: family.socket, certificate, key }
  const site = { mode: '0644', notify: reloadNginx } as const
  return [
    ...(family.defaultSite === null
      ? []
      : [file({ path: family.defaultSite, state: 'absent', notify: reloadNginx })]),
    ...(tls === undefined
      ? [selfSigned({ certificate, key, subject, names, notify: reloadNginx })]
      : [
          file({ path: key, content: tls.key, mode: '0600', notify: reloadNginx }),
          file({ path: certificate, content: tls.certificate, ...site }),
        ]),
    template({
      path: plain,
      src: 'nginx_acme_srv.conf.hbs',
      vars,
      ...site,
      validate: alone('cat %s'),
    }),
    // Its request limit is that of the plain site: the one is nothing without the other.
    template({
      path: `${folder}/nginx_acme_srv_ssl.conf`,
      src: 'nginx_acme_srv_ssl.conf.hbs',
      vars,
      ...site,
      validate: alone(`cat ${plain} %s`),
    }),
  ]
}

/** The certificate that a node's nginx shows, in PEM. */
export async function shownBy(host: Host): Promise<string> {
  return (await host.$({ readOnly: true })`cat ${certificate}`).stdout
}

/** Tests sites before they take the place of those that nginx would read at its next start. */
function alone(sites: string): string {
  return `conf=$(mktemp) && trap 'rm -f "$conf"' EXIT && { echo 'events {} http {'; ${sites}; echo '}'; } >"$conf" && ${nginxTest} -q -c "$conf"`
}
