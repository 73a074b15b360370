import { dirname } from 'node:path/posix'
import {
  command,
  directory,
  file,
  handler,
  packages,
  service,
  sshHostKeys,
  sshKeypair,
  template,
  type Host,
} from '../../lib/index.js'
import type { Family } from './families.js'
import { mirroredFolder } from './mirroredFolder.js'
import { endpointOf, folderOf, mapping } from './nodes.js'
import type { Params } from './params.js'
import * as paths from './paths.js'

const restart = handler('restart lsyncd', async (host) => {
  await host.ensure(service({ name: 'lsyncd', state: 'restarted' }))
})

const units = '/etc/systemd/system'

/** All that takes nothing from the peers; it does not start lsyncd. Gives what they are told. */
export async function configure(
  host: Host,
  wish: Params,
  family: Family,
  peers: readonly string[],
) {
  const { virtualization } = await host.facts()
  const { folder } = wish
  const vars = {
    ...paths,
    ...wish,
    ...family,
    seededMark: paths.seededMark(folder),
    exclude: excluded(wish),
    peers: peers.map((name) => peerOf(host, name, wish)),
  }
  const own = { owner: 'root', group: 'root' }
  // Packages come last: so check mode can tell what is in the files, and whatever starts a service
  // at its installation finds it gated.
  const results = await host.ensure([
    mirroredFolder({ path: folder }),
    directory({ path: '/root/.ssh', ...own, mode: '0700' }),
    sshKeypair({ path: paths.keyFile }),
    sshHostKeys(),
    directory({ path: folder }),
    directory({ path: `${folder}/${paths.stateFolder}`, ...own, mode: '0700' }),
    directory({ path: `${folder}/${paths.tempFolder}`, ...own, mode: '0700' }),
    template({
      path: paths.sshConfig,
      src: 'ssh_config.hbs',
      vars,
      mode: '0600',
    }),
    template({ path: paths.pullScript, src: 'pull.sh.hbs', vars, mode: '0755' }),
    directory({ path: `${units}/lsyncd.service.d` }),
    template({
      path: `${units}/lsyncd.service.d/peer.conf`,
      src: 'peer.conf.hbs',
      vars,
      mode: '0644',
      notify: restart,
    }),
    directory({ path: dirname(family.configuration) }),
    template({
      path: family.configuration,
      src: 'lsyncd.conf.lua.hbs',
      vars,
      mode: '0644',
      notify: restart,
    }),
    ...(family.hasUnit ? [] : [ownUnit(vars)]),
    directory({ path: paths.logFolder, ...own, mode: family.logMode }),
    directory({ path: '/etc/logrotate.d' }),
    template({ path: '/etc/logrotate.d/lsyncd', src: 'logrotate.hbs', vars, mode: '0644' }),
    ...(wish.maxUserWatches === undefined ? [] : watchLimit(wish.maxUserWatches)),
    packages({ names: family.packages }),
    ...(wish.owner === undefined ? [] : [account(wish.owner)]),
    ...(wish.timeService === 'none' ? [] : clock(family.timeUnit, virtualization)),
  ])
  return {
    publicKey: results[2].output.publicKey,
    hostKeys: results[3].output,
    ...results[0].output,
  }
}

/** A peer as the templates take it. */
function peerOf(host: Host, name: string, wish: Params) {
  const { folder, owner } = folderOf(host, name, wish)
  const state = wish.restrictKey ? paths.stateFolder : `${folder}/${paths.stateFolder}`
  return {
    name,
    ...endpointOf(host, name),
    folder,
    // A restricted key sees nothing but the folder.
    remoteFolder: wish.restrictKey ? './' : `${folder}/`,
    extra: [
      // Has the peer write down what it receives from here.
      ...(wish.method === 'rsync' ? [`-M--log-file=${state}/from-${host.name}.log`] : []),
      ...mapping(wish.owner, owner),
    ],
    fetched: mapping(owner, wish.owner),
  }
}

/** As packages make accounts, which leave alone what is there. */
function account(name: string) {
  return command({
    name: `account ${name}`,
    run: `if getent group ${name} >/dev/null; then set -- -g ${name}; else set -- --user-group; fi
useradd --system "$@" --no-create-home --home-dir / --shell /sbin/nologin ${name}`,
    unless: `getent passwd ${name}`,
  })
}

function ownUnit(vars: Readonly<Record<string, unknown>>) {
  return template({
    path: `${units}/lsyncd.service`,
    src: 'lsyncd.service.hbs',
    vars,
    mode: '0644',
    notify: restart,
  })
}

/** What is never mirrored comes first. */
function excluded({ exclude }: Params): readonly string[] {
  return [`/${paths.stateFolder}/`, '/lost+found/', ...exclude]
}

function watchLimit(limit: number) {
  const path = '/etc/sysctl.d/60-lsyncd.conf'
  return [
    file({ path, content: `fs.inotify.max_user_watches = ${limit}\n`, mode: '0644' }),
    command({
      name: 'raise fs.inotify.max_user_watches',
      run: `sysctl -q -p ${path}`,
      unless: `[ "$(cat /proc/sys/fs/inotify/max_user_watches)" -ge ${limit} ]`,
    }),
  ]
}

/** A container has the clock of the machine that it runs on, and may not set it. */
function clock(unit: string, virtualization: string) {
  const container = /^(?:systemd-nspawn|lxc|lxc-libvirt|openvz|docker|podman|rkt|proot|pouch)$/
  return [
    packages({ names: ['chrony'] }),
    container.test(virtualization)
      ? service({ name: unit, enabled: true })
      : service({ name: unit, enabled: true, state: 'started' }),
  ]
}
