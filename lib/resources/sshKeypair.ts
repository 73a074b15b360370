import { posix } from 'node:path'
import { HostwrightError } from '../core/errors.js'
import { keyFingerprint } from '../core/key-fingerprint.js'
import { quote } from '../core/quote.js'
import { resourceType } from './define.js'
import { pathEffects, pathOf } from './paths.js'
import { checkAccount, checkLine, checkPath, checkWord, refuse } from './parameters.js'
import { content } from './probes/content.js'
import { stat } from './probes/stat.js'
import { supposing } from './supposing.js'
import type { Ask, CommonOptions, Plan, Resource } from './types.js'
import { assertParent, attributeChanges, writeReads } from './write.js'

export interface SshKeypairOptions {
  /** Where the private key is; the public key is beside it, with `.pub`. */
  readonly path: string
  /** @default 'ed25519' */
  readonly type?: 'ed25519' | 'rsa'
  /** For rsa. @default ssh-keygen's own */
  readonly bits?: number
  /** For a new key. @default ssh-keygen's own, user@host */
  readonly comment?: string
  /** @default the user that runs */
  readonly owner?: string
}

export interface SshPublicKey {
  /** The line of the .pub file, without line break. */
  readonly publicKey: string
  /** As `ssh-keygen -l` shows it: `SHA256:…`. */
  readonly fingerprint: string
}

const describe = resourceType<SshKeypairOptions, SshPublicKey>({
  name: 'sshKeypair',
  title: ({ path }) => path,
  reads: ({ path }) => [...writeReads(path), content(`${path}.pub`)],
  plan: supposing(
    (wish, ask) => {
      const { path } = wish
      const now = ask(stat(path))
      if (now.type === 'absent') return generate(wish, ask)
      if (now.type !== 'file' && now.type !== 'symlink')
        throw new HostwrightError(
          'TASK_FAILED',
          `Cannot make key "${path}": there is a ${now.type}`,
          {
            hint: 'Remove it first, or use another path',
          },
        )
      const publicKey = ask(content(`${path}.pub`))
      if (publicKey === null) return derive(path)
      const output = read(path, publicKey)
      assertType(wish, output.publicKey)
      const changes = now.type === 'file' ? attributeChanges(now, ownerOf(wish)) : []
      if (changes.length === 0) return { changes, steps: [], output }
      return {
        changes,
        steps: [
          {
            script: `chown -h -- ${quote(wish.owner ?? '')} ${quote(path)} ${quote(`${path}.pub`)}`,
          },
        ],
        effects: { stale: (query) => pathOf(query) === path },
        output,
      }
    },
    (query, { path }) => pathOf(query) === path,
  ),
  output: ({ path }, ask) => {
    const publicKey = ask(content(`${path}.pub`))
    if (publicKey !== null) return read(path, publicKey)
    throw new HostwrightError('TASK_FAILED', `Cannot read key "${path}.pub": there is none`)
  },
})

/**
 * A pair of ssh keys without passphrase, made once on the host by ssh-keygen. An existing key is never
 * overwritten, and the private key never leaves the host. Gives the public key.
 *
 * @see https://docs.ansible.com/ansible/latest/collections/community/crypto/openssh_keypair_module.html
 * @see ssh-keygen(1)
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED, also where there is a key of
 *   another type than is asked for
 * @example
 * const { output } = await host.ensure(sshKeypair({ path: '/root/.ssh/id_lsyncd' }))
 * output.publicKey // 'ssh-ed25519 AAAA… root@alma9-c1'
 */
export function sshKeypair(options: SshKeypairOptions & CommonOptions): Resource<SshPublicKey> {
  const path = checkPath(options.path)
  const type = checkWord(options.type, 'type', ['ed25519', 'rsa'])
  checkAccount(options.owner, 'owner')
  if (options.comment !== undefined) checkLine(options.comment, 'comment')
  if (options.bits !== undefined && (type !== 'rsa' || !Number.isInteger(options.bits)))
    refuse(
      `Cannot use bits "${options.bits}" for key "${path}": they are a whole number for type rsa`,
      `Give type: 'rsa'`,
    )
  return describe({ ...options, path })
}

/** The private key comes last to its place: where it is, the pair is whole. */
function generate(wish: SshKeypairOptions, ask: Ask): Plan<SshPublicKey> {
  const { path, type = 'ed25519', bits, comment, owner } = wish
  assertParent(ask, path)
  const options = [
    '-q',
    '-t',
    type,
    '-N',
    '',
    ...(bits === undefined ? [] : ['-b', String(bits)]),
    ...(comment === undefined ? [] : ['-C', comment]),
  ]
  const lines = [
    ...temporaryOf(path, '-d '),
    `trap 'rm -rf -- "$tmp"' EXIT`,
    `ssh-keygen ${options.map(quote).join(' ')} -f "$tmp/key" </dev/null || exit 1`,
    ...(owner === undefined
      ? []
      : [`chown -- ${quote(owner)} "$tmp/key" "$tmp/key.pub" || exit 1`]),
    `sync -- "$tmp/key" "$tmp/key.pub" && mv -fT -- "$tmp/key.pub" ${quote(`${path}.pub`)} && mv -nT -- "$tmp/key" ${quote(path)}`,
  ]
  return {
    changes: [{ property: 'key', from: 'absent', to: type }],
    steps: [{ script: lines.join('\n') }],
    effects: keyEffects(path),
  }
}

/** A symlink at its place is replaced: whose folder it is could have it lead anywhere. */
function derive(path: string): Plan<SshPublicKey> {
  const lines = [
    `key=$(ssh-keygen -y -P '' -f ${quote(path)}) || exit 1`,
    ...temporaryOf(path, ''),
    `trap 'rm -f -- "$tmp"' EXIT`,
    `printf '%s\\n' "$key" >"$tmp" && chown --reference=${quote(path)} -- "$tmp" && chmod -- 0644 "$tmp" || exit 1`,
    `mv -fT -- "$tmp" ${quote(`${path}.pub`)}`,
  ]
  return {
    changes: [{ property: 'public key', from: 'absent', to: 'made from the private key' }],
    steps: [{ script: lines.join('\n') }],
    effects: keyEffects(path),
  }
}

/** Shell that makes a file or, with `-d`, a folder beside a key; what an interrupted run has left goes first. */
function temporaryOf(path: string, kind: '' | '-d '): readonly string[] {
  const name = quote(posix.join(posix.dirname(path), `.hostwright.${posix.basename(path)}.`))
  return [`rm -rf -- ${name}??????`, `tmp=$(mktemp ${kind}-- ${name}XXXXXX) || exit 1`]
}

function keyEffects(path: string) {
  const { stale, unknown } = pathEffects(`sshKeypair ${path}`, path, { type: 'absent' }, null)
  const concerns = (about: string | undefined): boolean => about === path || about === `${path}.pub`
  return {
    stale: (query: Parameters<NonNullable<typeof stale>>[0]) =>
      concerns(pathOf(query)) || stale?.(query) === true,
    unknown: {
      when: (query: Parameters<NonNullable<typeof stale>>[0], answer: unknown) =>
        concerns(pathOf(query)) || unknown?.when(query, answer) === true,
      reason: `the key ${path} would be made first`,
    },
  }
}

function ownerOf({ owner }: SshKeypairOptions): { readonly owner?: string } {
  return owner === undefined ? {} : { owner }
}

function assertType({ path, type }: SshKeypairOptions, publicKey: string): void {
  if (type === undefined || publicKey.startsWith(`ssh-${type} `)) return
  throw new HostwrightError(
    'TASK_FAILED',
    `Cannot make key "${path}" of type ${type}: there is one of type ${publicKey.split(' ')[0]}`,
    { hint: 'Use another path, or remove the old key where nothing needs it' },
  )
}

/** What it gives is shown and passed on: nothing but a public key may be in it. */
function read(path: string, bytes: Buffer): SshPublicKey {
  const publicKey = bytes.toString().trim()
  if (!/^(?:ssh|ecdsa|sk)-\S+ AAAA\S+(?: .*)?$/.test(publicKey))
    throw new HostwrightError(
      'TASK_FAILED',
      `Cannot read key "${path}.pub": it is not the line of a public key`,
      { hint: 'Remove it: it is made anew from the private key' },
    )
  const blob = Buffer.from(publicKey.split(/\s+/)[1] ?? '', 'base64')
  return { publicKey, fingerprint: keyFingerprint(blob) }
}
