import {
  directory,
  file,
  handler,
  role,
  secret,
  service,
  sshKeypair,
  template,
  user,
} from '../../lib/index.js'
import { driftTimerKey } from './facts.js'
import { params } from './params.js'
import { account, environmentFile, home, units } from './paths.js'
import { project } from './project.js'
import { environmentLine, pathWord, plain, word } from './words.js'

export { driftTimerKey } from './facts.js'

/** So that a changed calendar counts at once. */
const restart = handler('restart hostwright-drift.timer', async (host) => {
  await host.ensure(service({ name: 'hostwright-drift.timer', state: 'restarted' }))
})

/**
 * Checks a playbook for drift on a schedule, from this host: a timer and a service of systemd, an
 * account with a key of its own, the project at a pinned commit. See README.md.
 *
 * @throws HostwrightError PARAMETER_INVALID; on the host TASK_FAILED
 */
export const driftTimer = role({
  name: 'drift_timer',
  params,
  families: ['debian', 'redhat'],
  publishes: [driftTimerKey],
  checkParams: (_, wish) => void project(wish),
  async run(host, wish) {
    const { environment, ...shown } = wish
    const { folder, program, playbook, inventory, flags, keep, knownHosts, writable } = shown
    const command = [
      // A new revision waits until a check is over, and a check until that is installed.
      '/usr/bin/flock',
      '--shared',
      folder,
      `${folder}/${program}`,
      'drift',
      `${folder}/${playbook}`,
      '-i',
      `${folder}/${inventory}`,
      ...(keep === undefined ? [] : ['--keep', String(keep)]),
      ...flags,
    ]
    const vars = {
      ...shown,
      playbook: plain(playbook),
      writable: writable.map(pathWord),
      account,
      environmentFile,
      command: command.map(word).join(' '),
    }
    const own = { owner: account, group: account }
    const results = await host.ensure([
      user({ name: account, system: true, home, shell: '/usr/sbin/nologin' }),
      directory({ path: home, ...own, mode: '0700' }),
      directory({ path: `${home}/.ssh`, ...own, mode: '0700' }),
      sshKeypair({
        path: `${home}/.ssh/id_ed25519`,
        owner: account,
        comment: `${account}@${host.name}`,
      }),
      ...(knownHosts === undefined
        ? []
        : [
            file({
              path: `${home}/.ssh/known_hosts`,
              content: knownHosts.map((line) => `${line}\n`).join(''),
              ...own,
              mode: '0600',
            }),
          ]),
      file({
        path: environmentFile,
        content: secret(Object.entries(environment).map(environmentLine).join('')),
        owner: 'root',
        mode: '0600',
      }),
      ...project(wish),
      template({
        path: `${units}/hostwright-drift.service`,
        src: 'hostwright-drift.service.hbs',
        vars,
        mode: '0644',
      }),
      template({
        path: `${units}/hostwright-drift.timer`,
        src: 'hostwright-drift.timer.hbs',
        vars,
        mode: '0644',
        notify: restart,
      }),
      service({ name: 'hostwright-drift.timer', enabled: true, state: 'started' }),
    ])
    await host.publish(driftTimerKey, results[3].output.publicKey)
  },
})
