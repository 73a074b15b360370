import { randomBytes } from 'node:crypto'
import { check, HostwrightError, role, type Check, type Host } from '../../lib/index.js'
import { folderOf, peersOf } from './nodes.js'
import { params } from './params.js'
import { statusFile } from './paths.js'

/** Milliseconds for what has gathered while a peer was away; for one change. */
const patience = { backlog: 60_000, change: 20_000 }

/** What a file has that is made to be mirrored. */
const looksLike = 'daemon:daemon 640'

/**
 * Shows that a host's lsyncd does its work: a file that is created, renamed and deleted here is so on
 * every peer, with owner and mode; what was changed before it is sent. It takes the role's
 * own parameters. The file is removed again whatever happens.
 *
 * @example
 * await verifyLsyncdPeer(host)
 */
export const verifyLsyncdPeer = role({
  name: 'lsyncd_peer',
  params,
  returns: 'the checks, each with its result',
  async run(host, wish): Promise<readonly Check[]> {
    const peers = peersOf(host, wish).map((name) => host.delegateTo(name))
    const prefix = `lsyncd-check-${host.name}-`
    const first = `${prefix}${randomBytes(4).toString('hex')}`
    const second = `${first}-renamed`
    const at = (on: Host, name: string) => `${folderOf(host, on.name, wish).folder}/${name}`
    const here = { first: at(host, first), second: at(host, second) }
    const runs = await check(host, 'lsyncd runs', async () => await isActive(host))
    // Nothing comes of waiting for one that does not.
    const [backlog, change] =
      runs.result === 'failed' ? [0, 0] : [patience.backlog, patience.change]
    const arrives = async (what: string, act: () => Promise<unknown>, test: Test) => {
      let done = false
      const checks: Check[] = []
      for (const peer of peers)
        checks.push(
          await check(
            host,
            `${what} arrives at ${peer.name}`,
            async () => {
              if (!done) await act()
              done = true
              await test(peer)
            },
            { probes: true, within: change },
          ),
        )
      return checks
    }
    return [
      runs,
      await check(host, 'what was changed before is sent', earlierIsSent(host), {
        within: backlog,
      }),
      ...(await arrives(
        'a new file with owner and mode',
        () =>
          host.$`echo ${host.name} >${here.first} && chown daemon:daemon ${here.first} && chmod 0640 ${here.first}`,
        async (peer) => await looks(peer, at(peer, first), looksLike),
      )),
      ...(await arrives(
        'a renamed file',
        () => host.$`mv ${here.first} ${here.second}`,
        async (peer) => {
          await looks(peer, at(peer, first), '')
          await looks(peer, at(peer, second), looksLike)
        },
      )),
      ...(await arrives(
        'a deleted file',
        () => host.$`rm ${here.second}`,
        async (peer) => await looks(peer, at(peer, second), ''),
      )),
      await check(host, 'what was changed now is sent', earlierIsSent(host), { within: change }),
      // With those that a run which was interrupted has left.
      await check(
        host,
        'no file is left',
        async () =>
          await Promise.all([host, ...peers].map((one) => one.$`rm -f ${at(one, prefix)}*`)),
        { probes: true },
      ),
    ]
  },
})

/** Throws as long as something is wrong. */
type Test = (host: Host) => Promise<void>

async function looks(host: Host, path: string, wanted: string): Promise<void> {
  const { stdout } = await host.$({ readOnly: true, nothrow: true })`stat -c '%U:%G %a' ${path}`
  const found = stdout.trim()
  if (found === wanted) return
  const is = found === '' ? 'is not there' : `is ${found}`
  throw problem(`on ${host.name} ${path} ${wanted === '' ? 'is still there' : is}`)
}

async function isActive(host: Host): Promise<void> {
  const options = { readOnly: true, nothrow: true }
  const { stdout } = await host.$(options)`systemctl is-active lsyncd`
  if (stdout.trim() !== 'active') throw problem(`its unit is ${stdout.trim()}`)
}

/** Holds once all that waits at first has gone: on a busy node something always waits. */
function earlierIsSent(host: Host): () => Promise<void> {
  let waiting: readonly string[] | undefined
  return async () => {
    const now = await delaysOf(host)
    waiting = waiting?.filter((delay) => now.has(delay)) ?? [...now]
    if (waiting.length > 0)
      throw problem(`${waiting.length} changes wait to be sent, ${waiting[0]} the first of them`)
  }
}

/** What lsyncd says that it has still to do: `Sync1 Create /a/file`. */
async function delaysOf(host: Host): Promise<ReadonlySet<string>> {
  const { stdout } = await host.$({ readOnly: true, nothrow: true })`cat ${statusFile}`
  const syncs = stdout.split(/^(?=Sync\d+ )/m).slice(1)
  if (syncs.length === 0) throw problem(`${statusFile} tells nothing`)
  return new Set(
    syncs.flatMap((sync) => {
      const name = sync.slice(0, sync.indexOf(' '))
      const delays = sync.matchAll(/^(?:active|wait|block) +(.*)$/gm)
      return [...delays].map(([, delay]) => `${name} ${delay}`)
    }),
  )
}

function problem(text: string): HostwrightError {
  return new HostwrightError('CHECK_FAILED', `Cannot rely on lsyncd: ${text}`, {
    hint: 'see systemctl status lsyncd and /var/log/lsyncd/lsyncd.log',
  })
}
