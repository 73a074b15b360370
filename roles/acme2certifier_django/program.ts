import { createHmac } from 'node:crypto'
import { dirname } from 'node:path/posix'
import { command, directory, file, Secret, symlink, template } from '../../lib/index.js'
import { configurationText, environmentOf, handlerFolders } from './configuration.js'
import { environmentText } from './environment.js'
import type { Family } from './families.js'
import { restartProgram } from './handlers.js'
import { settingsPath } from './kept.js'
import type { Params } from './params.js'

const notify = restartProgram
const units = '/etc/systemd/system'
const environmentFile = '/etc/acme2certifier/environment'

interface Program extends Family {
  /** Where the program is on the first node: acme_srv.cfg, which all share, has it in its paths. */
  readonly sharedHome: string
}

/** The Django project, its settings, acme_srv.cfg and the unit. */
export function program(
  wish: Params,
  family: Program,
  names: readonly string[],
  secretKey: Secret,
) {
  const { home, sharedHome, user } = family
  const owned = { owner: user, group: user }
  const configuration = configurationText(wish, sharedHome)
  const { database } = wish
  return [
    ...(sharedHome === home
      ? []
      : [
          directory({ path: dirname(sharedHome) }),
          symlink({ path: sharedHome, target: home, notify }),
        ]),
    copyProject(family),
    template({
      path: settingsPath(home),
      src: 'settings.py.hbs',
      vars: {
        secretKey,
        database,
        allowedHosts: [...names, ...wish.allowedHosts, '127.0.0.1', 'localhost', '[::1]'],
      },
      ...owned,
      mode: '0640',
      notify,
    }),
    directory({ path: `${home}/volume`, ...owned, parents: false }),
    file({
      path: `${home}/volume/acme_srv.cfg`,
      content: configuration,
      ...owned,
      mode: '0640',
      notify,
    }),
    symlink({
      path: `${home}/acme_srv/acme_srv.cfg`,
      target: `${home}/volume/acme_srv.cfg`,
      force: true,
      notify,
    }),
    ...handlerFolders(wish, sharedHome).map((path) => directory({ path, ...owned })),
    template({
      path: `${home}/acme2certifier.ini`,
      src: 'acme2certifier.ini.hbs',
      vars: { ...family },
      mode: '0644',
      notify,
    }),
    ...unit(wish, family, digest(configuration, secretKey)),
  ]
}

/**
 * What the package leaves as examples. The settings are kept apart: those of the package are read by
 * those of the role.
 */
function copyProject({ home, user }: Family) {
  const examples = `${home}/examples`
  return command({
    name: `copy the Django project to ${home}`,
    cwd: examples,
    unless: `test -d django && ${each('cmp -s -- "$from" "$to" || exit 1')}`,
    run: `set -e
${each('install -D -o "$user" -g "$user" -m 0644 -- "$from" "$to"')}
chown -- "$user:" "$home/acme2certifier" "$home/acme_srv" "$home/acme_srv/migrations"`,
    env: { home, user },
    notify,
  })
}

/** Does something for each file of the examples; migrations are the nodes' own. */
function each(action: string): string {
  return `{ find django -type f ! -path '*/migrations/[0-9]*' ! -name '*.pyc' && echo db_handler/django_handler.py; } | {
  while IFS= read -r from; do
    case $from in
      db_handler/*) to=$home/acme_srv/db_handler.py ;;
      django/acme2certifier/settings.py) to=$home/acme2certifier/package_settings.py ;;
      *) to=$home/\${from#django/} ;;
    esac
    ${action}
  done
}`
}

function unit(wish: Params, family: Family, configuration: string) {
  const environment = environmentOf(wish)
  const dropIns = `${units}/acme2certifier.service.d`
  const hasEnvironment = Object.keys(environment).length > 0
  return [
    directory({ path: '/etc/acme2certifier', mode: '0755' }),
    hasEnvironment
      ? file({
          path: environmentFile,
          content: environmentText(environment),
          owner: 'root',
          group: 'root',
          mode: '0600',
          notify,
        })
      : file({ path: environmentFile, state: 'absent', notify }),
    ...(family.hasUnit
      ? []
      : [
          template({
            path: `${units}/acme2certifier.service`,
            src: 'acme2certifier.service.hbs',
            vars: { ...family },
            mode: '0644',
            notify,
          }),
        ]),
    directory({ path: dropIns }),
    template({
      path: `${dropIns}/cluster.conf`,
      src: 'cluster.conf.hbs',
      vars: {
        environmentFile: hasEnvironment ? environmentFile : '',
        configuration,
      },
      mode: '0644',
      notify,
    }),
  ]
}

/** Tells that acme_srv.cfg is another one, also where another node's has come first by mirroring. */
function digest(configuration: string | Secret, key: Secret): string {
  const text = configuration instanceof Secret ? configuration.reveal() : configuration
  return createHmac('sha256', key.reveal()).update(text).digest('hex')
}

/** What Django's migration files are on a node that has not made them. */
export function migrationFile({ home, user }: Family, name: string, content: string) {
  return file({
    path: `${home}/acme_srv/migrations/${name}`,
    content,
    owner: user,
    group: user,
    mode: '0644',
    notify,
  })
}
