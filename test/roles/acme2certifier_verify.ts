import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { directoryIsRight, directoryUrl } from '../../roles/acme2certifier_django/directory.js'
import { here, succeed } from '../../roles/acme2certifier_django/lego.js'
import { tempFolder } from '../fixtures/run.js'

const execute = promisify(execFile)

t.test('directoryUrl() takes names and addresses', (t) => {
  t.equal(directoryUrl('c1.bar.local', 'http'), 'http://c1.bar.local/directory')
  t.equal(directoryUrl('2001:db8::1', 'https'), 'https://[2001:db8::1]/directory')
  t.end()
})

t.test('directoryIsRight() tells what is wrong', async (t) => {
  const folder = await tempFolder(t)
  const make = async (name: string, alternative: string) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
    const kind =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test'
    const where = ['-addext', `subjectAltName=${alternative}`, '-keyout', key, '-out', cert]
    await execute('openssl', [...kind.split(' '), ...where])
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  }
  const own = await make('own', 'IP:127.0.0.1')
  const other = await make('other', 'IP:127.0.0.2')
  let [status, text] = [200, '']
  const server = createServer(own, (_, response) => void response.writeHead(status).end(text))
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (shown: string) => await directoryIsRight('127.0.0.1', shown, port)

  const whole = { newOrder: 'https://127.0.0.1/acme/neworders' }
  const cases: [number, unknown, RegExp | undefined][] = [
    [200, whole, undefined],
    [200, { ...whole, meta: { db_check: 'OK' } }, undefined],
    [200, { ...whole, meta: { db_check: 'NOK' } }, /meta\.db_check is "NOK"$/],
    [200, {}, /it has no newOrder: \{\}$/],
    [200, null, /it has no newOrder: null$/],
    [502, whole, /its status is 502$/],
  ]
  for (const [code, data, message] of cases) {
    ;[status, text] = [code, JSON.stringify(data)]
    const asked = ask(own.cert)
    if (message === undefined) await t.resolves(asked)
    else await t.rejects(asked, { code: 'CHECK_FAILED', message })
  }
  ;[status, text] = [200, '<html>']
  await t.rejects(ask(own.cert), { message: /it is no JSON: <html>$/ })
  text = JSON.stringify(whole)
  await t.rejects(ask(other.cert), { message: /it shows another certificate than the node has/ })
  server.setSecureContext(other)
  await t.rejects(ask(other.cert), { message: /its certificate is not for 127\.0\.0\.1$/ })
  server.close()
  server.closeAllConnections()
  await t.rejects(ask(own.cert), { message: /ECONNREFUSED/, hint: /nginx/ })
})

t.test('succeed() says what is not there, and what a program said last', async (t) => {
  await succeed(here`true`)
  await t.rejects(succeed(here({ env: { PATH: '/nonexistent' } })`lego`), {
    message: 'Cannot run "lego": it is not found here',
    hint: 'on the controller: apt-get install lego',
  })
  await t.rejects(succeed(here({ timeout: '100ms' })`sleep 60`), {
    message: 'Cannot run "sleep": ended by SIGTERM',
  })
  await t.rejects(succeed(here`openssl verify ${'/nonexistent'}`), {
    code: 'CHECK_FAILED',
    message:
      /^Cannot run "openssl": Unable to load certificate|^Cannot run "openssl": .*nonexistent/,
  })
})
