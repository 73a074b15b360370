// The stand-in for acme2certifier, set up by hand as its guide says, and the traps that the real
// program has: a role that falls into one of them must fail here too.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { defineLab, type Lab } from '../../lib/lab/index.js'
import { useLab } from '../fixtures/lab.js'
import { script as on } from '../fixtures/on-host.js'

const execute = promisify(execFile)
const build = new URL('../fixtures/acme2certifier-standin/build.mjs', import.meta.url).pathname
const home = '/var/www/acme2certifier'
const address = '203.0.113.75'
const server = `http://${address}/directory`

const requirements =
  'acme2certifier mariadb-server mariadb-client nginx-light uwsgi-core uwsgi-plugin-python3 openssl curl'

const createDatabase = `
  mariadb -e 'CREATE DATABASE acme2certifier CHARACTER SET utf8mb4'
  mariadb -e "GRANT ALL PRIVILEGES ON acme2certifier.* TO 'acme2certifier'@'localhost'
    IDENTIFIED BY 'a2cpasswd'"
`

const makeCa = `
  mkdir -p ca/certs
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 20 \\
    -keyout root.key -out root-ca-cert.pem -subj '/CN=Test root' 2>/dev/null
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:lab \\
    -out ca/sub-ca-key.pk8
  printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n' > ca/ext
  openssl req -new -key ca/sub-ca-key.pk8 -passin pass:lab -subj '/CN=Test sub CA' |
    openssl x509 -req -CA root-ca-cert.pem -CAkey root.key -CAcreateserial -days 300 \\
      -extfile ca/ext -out ca/sub-ca-cert.pem 2>/dev/null
`

const configuration = (validation: string): string => `
[Directory]
db_check: True

[Challenge]
${validation}

[CAhandler]
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
cn_enforce: True
`

/** Answers every question for an address with the client's, but one with the server's. */
const nameServer = `
import socket
import dns.message, dns.rrset
listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", 53))
while True:
    data, peer = listener.recvfrom(4096)
    query = dns.message.from_wire(data)
    name = query.question[0].name
    address = "${address}" if str(name).startswith("foreign") else "203.0.113.76"
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", address))
    listener.sendto(reply.to_wire(), peer)
`

t.test('the package is the same whenever it is built', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'standin-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const packages = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const { stdout } = await execute(process.execPath, [build, join(folder, name)])
      return readFile(stdout.trim())
    }),
  )
  t.same(packages[0], packages[1])
  await t.rejects(execute(process.execPath, [build, folder, '--format', 'zip']), {
    message: /usage: /,
  })
})

t.test('a lab refuses packages that it can not offer', async (t) => {
  const options = { name: 'slabno', subnet: '203.0.113.80/28', hosts: {} }
  for (const path of ['standin.deb', '/standin.zip'])
    t.throws(() => defineLab({ ...options, packages: [path] }), {
      code: 'INVENTORY_INVALID',
      message: `Cannot define lab "slabno": package "${path}" is not an absolute path of a .deb, .rpm or .mjs file`,
    })
  const lab = defineLab({ ...options, packages: ['/nowhere/standin.deb'] })
  t.teardown(() => lab.down())
  await t.rejects(lab.up(), { code: 'LAB_FAILED', stderr: /No such file/ })
})

/** What the role does with it is tried in debian.test.ts; here, that it has the traps. */
const long =
  process.env['HOSTWRIGHT_TEST'] === 'all' ? {} : { skip: 'only with HOSTWRIGHT_TEST=all' }

t.test('the stand-in', { timeout: 900_000, ...long }, async (t) => {
  const hosts = { one: {}, client: {} }
  const lab = await useLab(t, {
    name: 'slab',
    subnet: '203.0.113.64/28',
    hosts,
    packages: [build],
  })
  const restart = (...units: readonly string[]): Promise<string> =>
    on(lab, 'one', `systemctl restart ${units.join(' ')}`)
  const lego = (domain: string, action = 'run'): Promise<string> =>
    on(
      lab,
      'client',
      `lego --server ${server} -a --email lego@example.com -d ${domain} --path . --http ${action}`,
    )

  await t.test('installs with what it needs, in the place and under the name it has', async (t) => {
    await Promise.all([
      on(lab, 'one', install(requirements)),
      on(lab, 'client', install('lego openssl')),
    ])
    t.match(await on(lab, 'one', "dpkg-query -W 'acme2certifier*'"), /standin\t0\.43\.1\+standin-1/)
    t.equal(
      await on(lab, 'one', `find ${home} ! -user www-data -o ! -group www-data`),
      '',
      'all is owned by www-data',
    )
    t.equal(await on(lab, 'one', `find ${home}/examples -path '*migrations/0*'`), '')
    t.equal(await on(lab, 'one', 'find / -xdev -name acme2certifier.service'), example('service'))
  })

  await t.test('is set up as its guide says', async (t) => {
    await on(
      lab,
      'one',
      `cd ${home}
      cp examples/db_handler/django_handler.py acme_srv/db_handler.py
      cp -r examples/django/* .
      cp ${example('ini')} .
      cp ${example('service')} /etc/systemd/system/
      cp examples/nginx/nginx_acme_srv.conf /etc/nginx/conf.d/
      rm /etc/nginx/sites-enabled/default
      mkdir volume
      mv acme_srv/acme_srv.cfg volume/
      ln -s ${home}/volume/acme_srv.cfg acme_srv/
      cd volume
      ${makeCa}
      chown -R www-data: ${home}
      systemctl daemon-reload`,
    )
    await restart('nginx', 'acme2certifier')
    t.match(await directory(), { status: 403, body: { detail: /ca_handler/ } }, 'no CA handler')
    await t.rejects(
      on(lab, 'one', `ln -s ${home}/volume/acme_srv.cfg ${home}/acme_srv/`),
      { message: /File exists/ },
      'not a second time',
    )
  })

  await t.test('/directory answers 200 whatever the database is', async (t) => {
    const text = configuration('challenge_validation_disable: True')
    await write(lab, `${home}/volume/acme_srv.cfg`, text.replace('db_check: True', ''))
    t.match(await on(lab, 'one', `grep -c 'TO BE REPLACED' ${settings}`), '1')
    const blind = await directory()
    t.equal(blind.status, 200)
    t.notOk('db_check' in blind.body.meta)
    await write(lab, `${home}/volume/acme_srv.cfg`, text)
    t.match(await directory(), { status: 200, body: { meta: { db_check: 'NOK' } } })
  })

  await t.test('django_update before loaddata takes the ids of others', async (t) => {
    await on(lab, 'one', createDatabase)
    const key = await on(lab, 'one', `/usr/bin/python3 ${home}/tools/django_secret_keygen.py`)
    t.match(key, /^.{50}$/)
    const text = (await on(lab, 'one', `cat ${settings}`))
      .replace('SECRET_KEY = TBR', () => `SECRET_KEY = '${key}'`)
      .replace('"PASSWORD": TBR', '"PASSWORD": "a2cpasswd"')
      .replace('"HOST": TBR', '"HOST": "localhost"')
      .replace('["127.0.0.1"]', `["${address}"]`)
    await write(lab, settings, text)
    await on(lab, 'one', 'mariadb -e "SET GLOBAL auto_increment_increment = 2"')
    await manage(lab, 'makemigrations', 'migrate')
    await on(lab, 'one', `/usr/bin/python3 ${home}/tools/django_update.py`)
    const ids = 'mariadb -N acme2certifier -e "SELECT GROUP_CONCAT(id) FROM acme_srv_status"'
    t.equal(await on(lab, 'one', ids), '1,3,5,7,9,11,13,15')
    await t.rejects(manage(lab, 'loaddata acme_srv/fixture/status.yaml'), { message: /1062/ })

    await on(
      lab,
      'one',
      'mariadb acme2certifier -e "DELETE FROM acme_srv_status; DELETE FROM acme_srv_housekeeping"',
    )
    await manage(lab, 'loaddata acme_srv/fixture/status.yaml')
    await on(lab, 'one', `/usr/bin/python3 ${home}/tools/django_update.py`)
    t.equal(await on(lab, 'one', ids), '1,2,3,4,5,6,7,8')
    await on(lab, 'one', `chown -R www-data: ${home}`)
    await restart('acme2certifier')
    t.match(await directory(), { status: 200, body: { meta: { db_check: 'OK' } } })
  })

  await t.test('without the passphrase every finalize is a 500', async (t) => {
    await t.rejects(lego('first.lab.test'), { message: /500 :: .*serverInternal/ })
    const folder = '/etc/systemd/system/acme2certifier.service.d'
    await on(
      lab,
      'one',
      `mkdir ${folder}
      echo 'OPENSSL_PASSPHRASE=lab' > /etc/acme2certifier.env
      printf '[Service]\\nEnvironmentFile=/etc/acme2certifier.env\\n' > ${folder}/passphrase.conf
      systemctl daemon-reload`,
    )
    await restart('acme2certifier')
    await lego('first.lab.test')
  })

  await t.test('enrols a certificate with its chain, and revokes it', async (t) => {
    const root = await on(lab, 'one', `cat ${home}/volume/root-ca-cert.pem`)
    const show = 'openssl x509 -noout -in certificates/first.lab.test.crt'
    t.match(
      await on(
        lab,
        'client',
        `cat > root.pem <<'END'\n${root}\nEND
        openssl verify -CAfile root.pem -untrusted certificates/first.lab.test.issuer.crt \\
          certificates/first.lab.test.crt
        grep -c BEGIN certificates/first.lab.test.crt
        ${show} -subject -ext subjectAltName`,
      ),
      /crt: OK\n3\nsubject=CN = first.lab.test\n(.*\n)+.*DNS:first.lab.test/,
    )
    const days = `$(( ($(date -d "$(${show} -enddate | cut -d= -f2)" +%s) - $(date +%s)) / 86400 ))`
    t.equal(await on(lab, 'client', `echo ${days}`), '19', 'not longer than its root')
    const serial = (await on(lab, 'client', `${show} -serial`)).replace(/^serial=0*/, '')
    t.match(await on(lab, 'one', `ls ${home}/volume/ca/certs`), `${serial}.pem`)

    await on(lab, 'client', 'cp -r certificates kept')
    await lego('first.lab.test', 'revoke')
    const crl = `openssl crl -noout -text -CAfile ${home}/volume/ca/sub-ca-cert.pem -in ${home}/volume/ca/sub-ca-crl.pem 2>&1`
    t.match(await on(lab, 'one', crl), new RegExp(`verify OK(.*\\n)+.*Number: 0*${serial}\\n`))
    await on(lab, 'client', 'cp kept/* certificates/')
    await t.rejects(lego('first.lab.test', 'revoke'), { message: /alreadyRevoked/ })
    await lego('second.lab.test')
    await lego('second.lab.test', 'revoke')
    t.equal((await on(lab, 'one', crl)).match(/Serial Number/g)?.length, 2, 'both are in the CRL')
  })

  await t.test('acme2certifier_wsgi does not reconnect, Django does', async (t) => {
    await restart('mariadb')
    t.match(await directory(), { status: 200, body: { meta: { db_check: 'NOK' } } })
    await t.rejects(lego('third.lab.test'), { message: /status code 500|500 ::/ })
    t.match(await on(lab, 'one', 'journalctl -u acme2certifier'), /\(2006, /)

    const ini = `${home}/acme2certifier.ini`
    await on(lab, 'one', `sed -i 's/^module = .*/module = acme2certifier.wsgi:application/' ${ini}`)
    await restart('acme2certifier')
    await lego('third.lab.test')
    await restart('mariadb')
    await lego('fourth.lab.test')
    t.match(await directory(), { status: 200, body: { meta: { db_check: 'OK' } } })
    await t.rejects(
      on(lab, 'one', `curl -sf -H 'Host: other.lab.test' ${server}`),
      { message: /Command failed/ },
      'ALLOWED_HOSTS counts',
    )
  })

  await t.test('http-01 is validated, by the DNS alone', async (t) => {
    const servers = 'dns_server_list: ["127.0.0.1"]\nchallenge_validation_timeout: 3'
    await write(lab, `${home}/volume/acme_srv.cfg`, configuration(servers))
    await write(lab, '/root/names.py', nameServer)
    await on(lab, 'one', 'echo "203.0.113.76 absent.lab.test" >> /etc/hosts')
    await t.rejects(lego('absent.lab.test'), { message: /cannot be reached/ })
    await on(lab, 'one', 'systemd-run -q /usr/bin/python3 /root/names.py; sleep 1')
    await lego('valid.lab.test')
    // The server itself, where a name that ALLOWED_HOSTS does not have is refused.
    await t.rejects(lego('foreign.lab.test'), { message: /cannot be reached: status 400/ })
  })

  await t.test('the TLS file needs the plain one and a certificate', async (t) => {
    const folder = '/etc/nginx/conf.d'
    const copy = `cp ${home}/examples/nginx/nginx_acme_srv_ssl.conf ${folder}/`
    await t.rejects(on(lab, 'one', `${copy}; nginx -t`), { message: /acme2certifier_cert.pem/ })
    await on(
      lab,
      'one',
      `cd ${home}/volume
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=one \\
        -keyout acme2certifier_key.pem -out acme2certifier_cert.pem 2>/dev/null`,
    )
    await t.rejects(
      on(lab, 'one', `mv ${folder}/nginx_acme_srv.conf /root/; nginx -t`),
      { message: /zone "ip"/ },
      'alone',
    )
    await on(lab, 'one', `mv /root/nginx_acme_srv.conf ${folder}/; nginx -t`)
    await restart('nginx')
    const secure = await on(lab, 'one', `curl -sk https://${address}/directory`)
    t.equal(JSON.parse(secure).newNonce, `https://${address}/acme/newnonce`)
  })

  await t.test('an upgrade keeps settings, configuration, migrations and data', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'standin-'))
    t.teardown(() => rm(folder, { recursive: true }))
    const { stdout } = await execute(process.execPath, [build, folder, '--version', '0.43.2'])
    const text = (await readFile(stdout.trim())).toString('base64')
    const state = `sha256sum ${settings} ${home}/volume/acme_srv.cfg ${home}/acme_srv/acme_srv.cfg ${home}/acme_srv/migrations/0001_initial.py; readlink ${home}/acme_srv/acme_srv.cfg`
    const before = await on(lab, 'one', state)
    await on(
      lab,
      'one',
      `base64 -d > new.deb <<'END'\n${text}\nEND
      dpkg -i new.deb >/dev/null 2>&1`,
    )
    t.equal(await on(lab, 'one', state), before)
    await restart('acme2certifier')
    t.match(await directory(), { body: { meta: { version: '0.43.2', db_check: 'OK' } } })
    await lego('upgraded.lab.test')
  })

  await t.test('copying the Django files again resets the settings', async (t) => {
    await on(lab, 'one', `cp ${settings} /root/; cp -r ${home}/examples/django/* ${home}/`)
    t.match(await on(lab, 'one', `cat ${settings}`), /^SECRET_KEY = TBR$/m)
    await on(lab, 'one', `cp /root/settings.py ${settings}`)
  })

  await t.test('where the migrations are not, a new column is left out', async (t) => {
    await on(
      lab,
      'one',
      `cd ${home}/acme_srv
      rm migrations/0*.py
      sed -i '/^class Order/,/name =/s/name =.*/&\\n    added = models.TextField(blank=True)/' models.py`,
    )
    t.match(await manage(lab, 'makemigrations'), /0001_initial\.py/)
    t.match(await manage(lab, 'migrate'), /No migrations to apply/)
    const columns = await on(lab, 'one', 'mariadb -N acme2certifier -e "DESC acme_srv_order"')
    t.notMatch(columns, 'added')
    t.match(columns, 'identifiers')
  })
})

/** The command that installs packages. */
function install(names: string): string {
  return `apt-get -y install --no-install-recommends ${names} </dev/null >/dev/null 2>&1`
}

const settings = `${home}/acme2certifier/settings.py`

function example(ending: string): string {
  return `${home}/examples/nginx/acme2certifier.${ending}`
}

interface Directory {
  readonly status: number
  readonly body: { readonly meta: Readonly<Record<string, string>> }
}

async function directory(): Promise<Directory> {
  // After a restart nginx may be there before the application is.
  for (let tries = 0; ; tries++) {
    const response = await fetch(server)
    const text = await response.text()
    if (response.status !== 502 || tries === 60)
      return { status: response.status, body: JSON.parse(text) as Directory['body'] }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** Runs commands of manage.py, one after the other. */
function manage(lab: Lab, ...commands: readonly string[]): Promise<string> {
  const lines = commands.map((command) => `/usr/bin/python3 manage.py ${command}`)
  return on(lab, 'one', [`cd ${home}`, ...lines].join('\n'))
}

async function write(lab: Lab, path: string, text: string): Promise<void> {
  await on(lab, 'one', `cat > ${path} <<'END'\n${text}\nEND`)
}
