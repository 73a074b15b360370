import t from 'tap'
import * as v from 'valibot'
import { fakeHost } from '../../lib/testing/index.js'
import { familyOf } from '../../roles/lsyncd_peer/families.js'
import { join } from '../../roles/lsyncd_peer/join.js'
import { params } from '../../roles/lsyncd_peer/params.js'
import { knownHosts } from '../../roles/lsyncd_peer/paths.js'

const keyOf = (name: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${name}`

t.test(
  'lsyncd_peer with rootKeys lets in the peers and those, and nobody else as root',
  async (t) => {
    const node = { hostKeys: [], addresses: ['192.0.2.2'], seeded: true, empty: false }
    const peers = new Map([['other', { ...node, publicKey: `${keyOf('Peer')} root@other` }]])
    const family = familyOf('debian')
    const access = `restrict,from="192.0.2.2",command="${family.rrsync} -no-lock /opt/acme2certifier/volume"`
    const lines = [
      `${keyOf('Ops')} ops@desk`,
      `${access} ${keyOf('Peer')} lsyncd_peer@other`,
      `${keyOf('Eve')} eve@laptop`,
      `${keyOf('Backup')} backup@nas`,
      '',
    ]
    const removed = async (given: readonly string[], wish: object) => {
      const host = fakeHost({
        directories: ['/root/.ssh'],
        files: {
          '/root/.ssh/authorized_keys': { content: given.join('\n'), mode: '0600' },
          [knownHosts]: { content: '', mode: '0600' },
        },
        units: { lsyncd: { active: true, enabled: true } },
        peers: { other: {} },
      })
      const own = { ...node, publicKey: keyOf('Own') }
      await join(host, v.parse(params, wish), family, own, peers)
      return host.tasks.flatMap(({ changes }) => changes.map(({ from, to }) => `${from} → ${to}`))
    }
    const [eve, backup] = ['ssh-ed25519 eve@laptop → absent', 'ssh-ed25519 backup@nas → absent']
    const ops = 'ssh-ed25519 ops@desk → absent'
    t.same(await removed(lines, {}), [], 'without it all stay')
    const rootKeys = [`${keyOf('Ops')} ops@desk\n`]
    t.same(await removed(lines, { rootKeys }), [eve, backup], 'each other key goes')
    const whole = [...lines.slice(0, 2), '']
    t.same(await removed(whole, { rootKeys }), [], 'those and the peers stay')
    t.same(await removed(lines, { rootKeys: [] }), [ops, eve, backup], 'none but the peers')
  },
)
