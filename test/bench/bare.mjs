// The work for a bare ssh2 script, as one would write it by hand for nothing but this work: all hosts
// at once; on each a login, one script that looks at everything with one program a kind, and where
// something differs one more script that mends it.
// usage: node test/bench/bare.mjs JOB.json
//   JOB.json: { "mode": "run" | "check" | "login" | "remove", "pieces": [...], "hosts": [...] }
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import ssh2 from 'ssh2'

const { mode, pieces, hosts } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const key = ssh2.utils.parseKey(readFileSync(hosts[0].privateKeyFile))

const changed = await Promise.all(hosts.map(work))
console.log(JSON.stringify({ changed: changed.reduce((sum, count) => sum + count, 0) }))

async function work(host) {
  const client = await logIn(host)
  const closed = new Promise((resolve) => client.on('close', resolve))
  const count = await make(client, host)
  client.end()
  await closed
  return count
}

async function make(client, host) {
  if (mode === 'login') return 0
  if (mode === 'remove') {
    await send(client, `rm -rf ${quote(host.base)}/*\n`)
    return 0
  }
  const wanted = host.pieces ?? pieces
  const seen = parse(await send(client, probe(wanted)))
  const different = wanted.filter((piece) => !isSo(piece, seen))
  if (mode === 'run' && different.length > 0)
    await send(client, `set -e\n${different.map(change).join('\n')}\n`)
  return different.length
}

function logIn({ address, port, user, hostKey }) {
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.on('ready', () => resolve(client)).on('error', reject)
    client.connect({
      host: address,
      port,
      username: user,
      authHandler: [{ type: 'publickey', username: user, key }],
      readyTimeout: 0,
      hostVerifier: (shown) => shown.toString('base64') === hostKey,
    })
    client.setNoDelay(true)
  })
}

/** Runs a script and gives what it printed. */
function send(client, script) {
  return new Promise((resolve, reject) => {
    client.exec('exec sh -s', (error, channel) => {
      if (error) return reject(error)
      const output = []
      channel.on('data', (chunk) => output.push(chunk))
      channel.stderr.on('data', (chunk) => process.stderr.write(chunk))
      channel.on('close', (code) => {
        if (code === 0) resolve(Buffer.concat(output).toString())
        else reject(new Error(`the script ended with ${code}`))
      })
      channel.end(script)
    })
  })
}

function probe(wanted) {
  const of = (kinds, field) =>
    [...new Set(wanted.filter(({ kind }) => kinds.includes(kind)).map((piece) => piece[field]))]
      .map(quote)
      .join(' ')
  const files = of(['file'], 'path')
  return [
    `stat -c '%F|%a|%N' -- ${of(['directory', 'file', 'symlink', 'touch'], 'path')} 2>/dev/null`,
    files && `sha256sum -- ${files} 2>/dev/null`,
    `grep '' /dev/null ${of(['line'], 'path')} 2>/dev/null`,
    of(['user'], 'name') && `getent passwd ${of(['user'], 'name')}`,
    of(['group'], 'name') && `getent group ${of(['group'], 'name')}`,
    'true',
  ].join('\necho @@\n')
}

function parse(output) {
  const [stats, sums, lines, users, groups] = output.split('@@\n').map((part) => part.split('\n'))
  return {
    stats: new Map(
      stats.map((line) => {
        const [type, access, names = ''] = line.split('|')
        const [, path, target] = /^'(.*?)'(?: -> '(.*)')?$/.exec(names) ?? []
        return [path, { type, mode: access?.padStart(4, '0'), target }]
      }),
    ),
    sums: new Map(sums.map((line) => [line.slice(66), line.slice(0, 64)])),
    lines: new Set(lines),
    users: new Set(users.map((line) => line.split(':')[0])),
    groups: new Set(groups.map((line) => line.split(':')[0])),
  }
}

function isSo(piece, { stats, sums, lines, users, groups }) {
  const there = stats.get(piece.path)
  switch (piece.kind) {
    case 'directory':
      return there?.type === 'directory' && there.mode === piece.mode
    case 'file': {
      const sum = createHash('sha256').update(piece.content).digest('hex')
      return there?.mode === piece.mode && sums.get(piece.path) === sum
    }
    case 'symlink':
      return there?.target === piece.target
    case 'touch':
      return there !== undefined
    case 'line':
      return lines.has(`${piece.path}:${piece.line}`)
    case 'user':
      return users.has(piece.name)
    case 'group':
      return groups.has(piece.name)
  }
}

function change(piece) {
  const path = quote(piece.path ?? '')
  switch (piece.kind) {
    case 'directory':
      return `mkdir -p ${path}; chmod ${piece.mode} ${path}`
    case 'file':
      return `printf %s ${quote(piece.content)} >${path}.new; chmod ${piece.mode} ${path}.new; mv ${path}.new ${path}`
    case 'symlink':
      return `ln -sfn ${quote(piece.target)} ${path}`
    case 'touch':
      return `touch ${path}`
    case 'line':
      return `if grep -qs '^${piece.key} =' ${path}; then sed -i 's|^${piece.key} =.*|${piece.line}|' ${path}; else echo ${quote(piece.line)} >>${path}; fi`
    case 'user':
      return `useradd ${piece.name}`
    case 'group':
      return `groupadd ${piece.name}`
  }
}

function quote(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
