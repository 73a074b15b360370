import t from 'tap'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HostwrightError } from '../../lib/core/errors.js'
import { secret } from '../../lib/core/secret.js'
import {
  aptRepository,
  authorizedKey,
  blockInFile,
  command,
  directory,
  download,
  file,
  group,
  hostsEntry,
  lineInFile,
  packageFile,
  packages,
  service,
  sshKeypair,
  symlink,
  template,
  user,
  waitForPort,
  yumRepository,
} from '../../lib/resources/index.js'
import type { FileWish } from '../../lib/resources/file.js'
import { render } from '../../lib/resources/render.js'
import type { Resource } from '../../lib/resources/types.js'
import { tempFolder } from '../fixtures/run.js'

const path = '/etc/f'
const apt = { name: 'example', uris: ['https://deb.example.com'], suites: ['bookworm'] }
const yum = { id: 'example', baseurl: ['https://rpm.example.com/el$releasever'] }
const toFetch = { url: 'https://example.com/a.deb', path, sha256: '0'.repeat(64) }
const me = fileURLToPath(import.meta.url)

/** What is refused before any host is touched: `[what, message]`. */
const refusals: readonly (readonly [() => unknown, string])[] = [
  [() => file({ path: 'etc/f' }), 'Cannot use path "etc/f": it is not absolute'],
  [() => aptRepository({ ...apt, name: 'a/b' }), 'Cannot name repository "a/b": it is no name'],
  [
    () => aptRepository({ ...apt, suites: [] }),
    'Cannot use repository "example": it has no URIs or no suites',
  ],
  [
    () => aptRepository({ ...apt, suites: ['./'], components: ['main'] }),
    'Cannot use repository "example": suites that are paths have no components',
  ],
  [
    () => aptRepository({ ...apt, components: [] }),
    'Cannot use repository "example": suites need components',
  ],
  [() => aptRepository({ ...apt, suites: ['a b'] }), 'Cannot use Suites "a b": it is not one word'],
  [
    () => aptRepository({ ...apt, signedBy: 'ABCD 1234' }),
    'Cannot use repository "example": signedBy is neither an armored public key nor a path',
  ],
  [() => yumRepository({ ...yum, id: 'a]b' }), 'Cannot name repository "a]b": it is no id'],
  [
    () => yumRepository({ id: 'example' }),
    'Cannot use repository "example": it has no baseurl, metalink or mirrorlist',
  ],
  [
    () => yumRepository({ ...yum, options: { enabled: false } }),
    'Cannot use option "enabled" of repository "example": it is a property',
  ],
  [
    () => yumRepository({ ...yum, options: { 'a=b': 1 } }),
    'Cannot use option "a=b": it is no name',
  ],
  [() => file({ path: '/a/../b' }), 'Cannot use path "/a/../b": it goes through ".."'],
  [() => file({ path: '/a\0b' }), 'Cannot use path "/a\0b": it holds a NUL'],
  [() => file({ path: undefined as never }), 'Cannot use path "undefined": it is not absolute'],
  [() => file({ path, mode: 420 as never }), 'Cannot use mode "420": it is a number'],
  [
    () => file({ path, mode: '0888' }),
    'Cannot use mode "0888": it is not three or four octal digits',
  ],
  [
    () => file({ path, mode: 'u+x' }),
    'Cannot use mode "u+x": it is not three or four octal digits',
  ],
  [() => file({ path, owner: '-R' }), 'Cannot use owner "-R": it is not a name'],
  [() => file({ path, group: 'a b' }), 'Cannot use group "a b": it is not a name'],
  [
    () => file({ path, content: 'a', source: 'b' }),
    'Cannot write "/etc/f": both content and source are given',
  ],
  [
    () => file({ path, content: 'a', state: 'absent' }),
    'Cannot remove "/etc/f": content or source is given',
  ],
  [() => file({ path, state: 'touch' as never }), 'Cannot use state "touch": it is not known'],
  [
    () => file({ path, source: 'no-such-file' }),
    'Cannot find "no-such-file": there is no such file',
  ],
  [
    () => file({ path, content: '', validate: 'visudo -cf' }),
    'Cannot use validate "visudo -cf": it holds no %s',
  ],
  [
    () => template({ path, src: 'no-such.hbs' }),
    'Cannot find "no-such.hbs": there is no such file',
  ],
  [() => directory({ path: '/', state: 'absent' }), 'Cannot remove "/": it is the root directory'],
  [
    () => directory({ path: '//.', state: 'absent' }),
    'Cannot remove "/": it is the root directory',
  ],
  [() => symlink({ path }), 'Cannot make symlink "/etc/f": it has no target'],
  [
    () => lineInFile({ path, line: 'a\nb' }),
    'Cannot use line "a\nb": it holds a line break or a NUL',
  ],
  [() => lineInFile({ path }), 'Cannot edit "/etc/f": no line is given'],
  [() => lineInFile({ path, state: 'absent' }), 'Cannot edit "/etc/f": no line is given'],
  [
    () => lineInFile({ path, line: 'a', regexp: 'a' as never }),
    'Cannot use regexp "a": it is not a regular expression',
  ],
  [
    () => lineInFile({ path, line: 'a', insertAfter: /a/, insertBefore: /b/ }),
    'Cannot place lines: both insertAfter and insertBefore are given',
  ],
  [() => blockInFile({ path }), 'Cannot edit "/etc/f": no block is given'],
  [
    () => blockInFile({ path, block: 'a', marker: '# mine' }),
    'Cannot use marker "# mine": it does not hold {mark}',
  ],
  [() => packages({ names: [] }), 'Cannot install packages: no names are given'],
  [
    () => packages({ names: ['/srv/a.rpm'] }),
    'Cannot install "/srv/a.rpm": it is not the name of a package',
  ],
  [() => packageFile({ path: 'a.rpm' }), 'Cannot use path "a.rpm": it is not absolute'],
  [
    () => packageFile({ path: '/srv/a.zip' }),
    'Cannot install "/srv/a.zip": its name ends in neither .deb nor .rpm',
  ],
  [
    () => download({ ...toFetch, url: 'ftp://example.com/a' }),
    'Cannot fetch "ftp://example.com/a": it is no URL of http or https',
  ],
  [
    () => download({ ...toFetch, url: secret('https://files.example/\noutput = /etc/f') }),
    'Cannot fetch "***": it is no URL of http or https',
  ],
  [
    () => download({ ...toFetch, url: 'https://robot:hunter22@example.com/a.deb' }),
    'Cannot fetch from "example.com": the URL holds a name or password, and would be shown',
  ],
  [
    () => download({ url: toFetch.url, path } as never),
    'Cannot fetch "https://example.com/a.deb": sha256 is missing, and what comes from the web is checked',
  ],
  [
    () => download({ ...toFetch, sha256: 'md5' }),
    'Cannot fetch "https://example.com/a.deb": sha256 is not a SHA-256, and what comes from the web is checked',
  ],
  [() => packages({ names: ['a', '-o'] }), 'Cannot install "-o": it is not the name of a package'],
  [
    () => packages({ names: ['rsync-'] }),
    'Cannot install "rsync-": it is not the name of a package',
  ],
  [
    () => packages({ names: ['*', 'a'], state: 'latest' }),
    'Cannot install "*": all that is installed can be updated only, and not beside other names',
  ],
  [
    () => packages({ names: ['*'] }),
    'Cannot install "*": all that is installed can be updated only, and not beside other names',
  ],
  [
    () => packages({ names: ['@g'], state: 'latest' }),
    'Cannot keep "@g" at the latest version: only packages have one',
  ],
  [
    () => packages({ names: ['a'], enableRepo: ['-x'] }),
    'Cannot use repository "-x": it is not the id of one',
  ],
  [() => packages({ names: ['a b'] }), 'Cannot install "a b": it is not the name of a package'],
  [() => service({ name: 'a' }), 'Cannot manage service "a": nothing is wished'],
  [
    () => service({ name: 'getty@.service', enabled: true }),
    'Cannot manage service "getty@.service": it is a template, which has no state',
  ],
  [
    () => service({ name: '-a', enabled: true }),
    'Cannot manage service "-a": it is not the name of a unit',
  ],
  [
    () => service({ name: 'a', masked: true, state: 'started' }),
    'Cannot mask service "a": it is to be enabled or to run',
  ],
  [() => command({ run: ' ' }), 'Cannot describe a command: run is empty'],
  [
    () => command({ run: 'x', env: { 'A-B': '' } }),
    'Cannot set variable "A-B": it is not a name for a shell',
  ],
  [() => command({ run: 'x', timeout: 0 }), 'Cannot use timeout "0": it is not above 0'],
  [() => command({ run: 'x', creates: 'a' }), 'Cannot use creates "a": it is not absolute'],
  [() => user({ name: '-a' }), 'Cannot use user "-a": it is not a name'],
  [() => user({ name: 'a', uid: 1.5 }), 'Cannot use uid "1.5": it is not a whole number'],
  [
    () => user({ name: 'a', comment: 'b:c' }),
    'Cannot use comment "b:c": it holds a colon or line break',
  ],
  [
    () => user({ name: 'a', passwordHash: secret('plain') }),
    'Cannot set the password of "a": passwordHash is not a hash',
  ],
  [() => group({ name: 'a\n' }), 'Cannot use group "a\n": it is not a name'],
  [
    () => authorizedKey({ user: 'a', key: 'rsa AAAA' }),
    'Cannot authorize "rsa AAAA": it is not a public key',
  ],
  [
    () => authorizedKey({ user: 'a', key: 'restrict ssh-rsa AAAAB3' }),
    'Cannot authorize "restrict ssh-rsa AAAAB3": it begins with options',
  ],
  [
    () => authorizedKey({ user: 'a', key: 'ssh-rsa AAAAB3', exclusive: true, state: 'absent' }),
    'Cannot take "ssh-rsa AAAAB3" out with exclusive: that is for a key that stays',
  ],
  [
    () => sshKeypair({ path, bits: 256 }),
    'Cannot use bits "256" for key "/etc/f": they are a whole number for type rsa',
  ],
  [
    () => hostsEntry({ address: '1.2.3', names: ['a'] }),
    'Cannot use address "1.2.3": it is not an IP address',
  ],
  [
    () => hostsEntry({ address: '192.0.2.1', names: ['a b'] }),
    'Cannot enter "a b": it is not a host name',
  ],
  [
    () => hostsEntry({ address: '192.0.2.1', names: [] }),
    'Cannot enter "192.0.2.1": it has no names',
  ],
  [() => waitForPort({ port: 0 }), 'Cannot wait for port "0": it is not from 1 to 65535'],
  [
    () => waitForPort({ port: 1, host: '$(x)' }),
    'Cannot wait for host "$(x)": it is not a name or address',
  ],
]

t.test('wrong parameters are refused where they are written', async (t) => {
  for (const [describe, message] of refusals) {
    try {
      describe()
      t.fail(`refused: ${message}`)
    } catch (error) {
      t.ok(error instanceof HostwrightError, message)
      if (!(error instanceof HostwrightError)) continue
      t.equal(error.message, message)
      t.equal(error.code, 'PARAMETER_INVALID')
      t.equal(error.place?.file, me)
      t.ok(error.hint, `${message}: it says what to do`)
    }
  }
})

t.test('descriptions are frozen, name their task and place, and touch nothing', async (t) => {
  const resource = file({
    path: '/etc//f/',
    content: secret('s3cret-content'),
    tags: ['a'],
    retries: 2,
  })
  t.match(resource, { task: 'file /etc/f', tags: ['a'], retries: 2, place: { file: me } })
  t.ok(Object.isFrozen(resource) && Object.isFrozen(resource.wish))
  t.notMatch(JSON.stringify({ ...resource, type: undefined }), 's3cret-content')
  const tasks = [
    packages({ names: ['a', 'b', 'a'] }),
    service({ name: 'a', enabled: true }),
    command({ run: 'one\ntwo' }),
    command({ run: 'one\ntwo', name: 'count' }),
    waitForPort({ port: 1, host: 'h' }),
    hostsEntry({ address: '192.0.2.1', names: ['a', 'b'] }),
  ].map(({ task }) => task)
  t.same(tasks, [
    'packages a b',
    'service a',
    'command one…',
    'command count',
    'waitForPort h:1',
    'hostsEntry 192.0.2.1 a b',
  ])
})

function written({ wish }: { readonly wish: unknown }): string {
  return (wish as { readonly bytes: Buffer }).bytes.toString()
}

t.test('template() and file() find their files beside the caller', async (t) => {
  const folder = await tempFolder(t)
  writeFileSync(join(folder, 'x.hbs'), 'port {{port}}\n')
  t.equal(written(template({ path, src: join(folder, 'x.hbs'), vars: { port: 80 } })), 'port 80\n')
  t.equal(written(file({ path, source: join(folder, 'x.hbs') })), 'port {{port}}\n')
  // A role of its own, as a user has it.
  mkdirSync(join(folder, 'role/templates'), { recursive: true })
  mkdirSync(join(folder, 'role/files'))
  writeFileSync(join(folder, 'role/templates/a.hbs'), 'in templates {{x}}')
  writeFileSync(join(folder, 'role/b.hbs'), 'beside {{x}}')
  writeFileSync(join(folder, 'role/files/c'), 'in files')
  writeFileSync(
    join(folder, 'role/index.mjs'),
    `export const make = ({ template, file }) => [
      template({ path: '/f', src: 'a.hbs', vars: { x: 1 } }),
      template({ path: '/f', src: 'b.hbs', vars: { x: 2 } }),
      file({ path: '/f', source: 'c' }),
    ]`,
  )
  const { make } = (await import(join(folder, 'role/index.mjs'))) as {
    make: (of: object) => { wish: unknown }[]
  }
  t.same(make({ template, file }).map(written), ['in templates 1', 'beside 2', 'in files'])
})

/** What templates give: `[template, vars, text]`. */
const renderings: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['{{a}} & {{{a}}} {{b.c}}', { a: '<"\'>', b: { c: 0 } }, '<"\'> & <"\'> 0'],
  [
    '{{#each list}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}',
    { list: ['a', 'b'] },
    '0a,1b',
  ],
  ['{{#each map}}{{@key}}={{this}};{{/each}}', { map: { a: 1, b: 2 } }, 'a=1;b=2;'],
  ['x\n{{#if on}}\ny\n{{else}}\nz\n{{/if}}\n', { on: false }, 'x\nz\n'],
  [
    '{{#if (eq a "b")}}1{{/if}}{{join list}} {{join list ":"}} {{json map}}',
    { a: 'b', list: [1, 2], map: { k: ['v'] } },
    '11, 2 1:2 {"k":["v"]}',
  ],
  [
    '{{password}} {{list.[0]}}',
    { password: secret('reveal-me'), list: [secret('me-too')] },
    'reveal-me me-too',
  ],
  ['{{#with a}}{{b}}{{../c}}{{/with}}', { a: { b: 1 }, c: 2 }, '12'],
  ['{{a}}{{b}}{{#if a}}{{a}}{{{b}}}{{else}}{{/if}}', { a: 1, b: 2 }, '1212'],
  ['{{lookup map key}}', { map: { k: 'v' }, key: 'k' }, 'v'],
]

/** What is wrong with templates: `[template, vars, line, message]`. */
const mistakes: readonly (readonly [
  string,
  Record<string, unknown>,
  number | undefined,
  string,
])[] = [
  ['a\n{{port}}\n', {}, 2, 'Cannot render variable "port": it is not defined'],
  ['a\n{{port}}\n', { port: undefined }, 2, 'Cannot render variable "port": it is not defined'],
  ['\n\n{{db.port}}', { db: {} }, 3, 'Cannot render variable "port": it is not defined'],
  ['{{#if (eq on 1)}}x{{/if}}', {}, 1, 'Cannot render variable "on": it is not defined'],
  ['{{#if on}}x{{/if}}', {}, 1, 'Cannot render variable "on": it is not defined'],
  ['{{#each list}}x{{/each}}', {}, 1, 'Cannot render variable "list": it is not defined'],
  ['\n{{upper x}}', { x: 1 }, 2, 'Cannot render helper "upper": there is none of that name'],
  ['\n{{#if x}}', { x: 1 }, 2, 'Cannot render template '],
  ['\n{{x', { x: 1 }, 2, 'Cannot render template '],
  ['a\n{{db}}', { db: { port: 1 } }, 2, 'Cannot render variable "db": it is an object'],
  [
    'a\n{{join list}}{{#if x}}{{#each list}}{{name}}{{/each}}{{/if}}',
    { x: 1, list: [{}] },
    2,
    'Cannot render variable "name": it is not defined',
  ],
  [
    'a\n{{lookup map "k"}}',
    { map: {} },
    undefined,
    'Cannot render variable "k": it is not defined',
  ],
  ['a\n{{constructor}}', {}, 2, 'Cannot render variable "constructor": it is not defined'],
  ['{{> other}}', {}, undefined, 'Cannot render template '],
]

t.test('templates are rendered strictly, unescaped and with secrets', async (t) => {
  const src = join(await tempFolder(t), 't.hbs')
  for (const [source, vars, text] of renderings) {
    writeFileSync(src, source)
    t.equal(render(src, vars).text, text, source)
  }
  writeFileSync(src, '{{a}}')
  t.equal(render(src, { a: 1, b: { c: [secret('deep-inside')] } }).sensitive, true)
  t.equal(render(src, { a: 1 }).sensitive, false)
})

t.test('a mistake in a template is told with its file and line', async (t) => {
  const src = join(await tempFolder(t), 't.hbs')
  for (const [source, vars, line, message] of mistakes) {
    writeFileSync(src, source)
    try {
      template({ path, src, vars })
      t.fail(`refused: ${source}`)
    } catch (error) {
      t.ok(error instanceof HostwrightError, `${source}: ${String(error)}`)
      if (!(error instanceof HostwrightError)) continue
      t.equal(error.code, 'TEMPLATE_INVALID')
      t.ok(error.message.startsWith(message), `${source}: ${error.message}`)
      t.same([error.place?.file, error.place?.line], [src, line], source)
    }
  }
})

const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mQINBF
-----END PGP PUBLIC KEY BLOCK-----
`

/** What repositories are written as: `[name, resource, path, content]`. */
const repositories: readonly (readonly [string, Resource, string, string | undefined])[] = [
  [
    'an apt source',
    aptRepository(apt),
    '/etc/apt/sources.list.d/example.sources',
    'Types: deb\nURIs: https://deb.example.com\nSuites: bookworm\nComponents: main\n',
  ],
  [
    'an apt source with all there is, its key inside',
    aptRepository({
      ...apt,
      suites: ['a', 'b'],
      types: ['deb', 'deb-src'],
      components: ['main', 'contrib'],
      architectures: ['amd64'],
      signedBy: key,
    }),
    '/etc/apt/sources.list.d/example.sources',
    `Types: deb deb-src
URIs: https://deb.example.com
Suites: a b
Components: main contrib
Architectures: amd64
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----
`,
  ],
  [
    'an apt source that is a folder, with a keyring',
    aptRepository({ ...apt, suites: ['./'], signedBy: '/usr/share/keyrings/x.gpg' }),
    '/etc/apt/sources.list.d/example.sources',
    'Types: deb\nURIs: https://deb.example.com\nSuites: ./\nSigned-By: /usr/share/keyrings/x.gpg\n',
  ],
  [
    'no apt source',
    aptRepository({ ...apt, state: 'absent' }),
    '/etc/apt/sources.list.d/example.sources',
    undefined,
  ],
  [
    'a repository of dnf',
    yumRepository(yum),
    '/etc/yum.repos.d/example.repo',
    '[example]\nname=example\nbaseurl=https://rpm.example.com/el$releasever\nenabled=1\ngpgcheck=1\n',
  ],
  [
    'a repository of dnf with all there is',
    yumRepository({
      id: 'example',
      name: 'For us',
      metalink: 'https://m.example.com',
      enabled: false,
      gpgcheck: false,
      gpgkey: ['https://k.example.com/1', 'file:///etc/k'],
      options: { priority: 10, module_hotfixes: true },
    }),
    '/etc/yum.repos.d/example.repo',
    `[example]
name=For us
metalink=https://m.example.com
enabled=0
gpgcheck=0
gpgkey=https://k.example.com/1 file:///etc/k
priority=10
module_hotfixes=1
`,
  ],
]

t.test('repositories are written as apt and dnf read them', async (t) => {
  for (const [name, { wish }, to, content] of repositories) {
    const { path: at, bytes, state } = wish as FileWish
    t.equal(at, to, name)
    t.equal(bytes?.toString(), content, name)
    t.equal(state, content === undefined ? 'absent' : 'present', name)
  }
})
