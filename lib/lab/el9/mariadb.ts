import type { Rpm } from './types.js'

const serverSettings = `# Read by the server only.
[server]

[mysqld]
datadir=/var/lib/mysql
socket=/var/lib/mysql/mysql.sock
log-error=/var/log/mariadb/mariadb.log
pid-file=/run/mariadb/mariadb.pid

[mariadb]
`

const unit = `[Unit]
Description=MariaDB database server
After=network.target

[Service]
Type=notify
User=mysql
Group=mysql
ExecStartPre=/usr/libexec/mariadb-prepare-db-dir
ExecStart=/usr/libexec/mariadbd --basedir=/usr $MYSQLD_OPTS
KillSignal=SIGTERM
SendSIGKILL=no
Restart=on-abort
TimeoutSec=300
PrivateTmp=true
UMask=007

[Install]
WantedBy=multi-user.target
Alias=mysql.service
Alias=mysqld.service
`

const prepare = `#!/bin/sh
# Fills the data directory at the first start.
set -e
folder=$(my_print_defaults --mysqld | sed -n 's/^--datadir=//p' | tail -n 1)
folder=\${folder:-/var/lib/mysql}
[ ! -d "$folder/mysql" ] || exit 0
[ -z "$(ls -A "$folder")" ] || { echo "$folder is not empty and holds no database" >&2; exit 1; }
exec mariadb-install-db --rpm --basedir=/usr --datadir="$folder" --user=mysql >&2
`

/** Debian's programs look for the socket at Debian's place. */
const sameSocket = `d /run/mariadb 0755 mysql mysql -
d /run/mysqld 0755 root root -
L+ /run/mysqld/mysqld.sock - - - - /var/lib/mysql/mysql.sock
`

const logrotate = `/var/log/mariadb/mariadb.log {
  create 600 mysql mysql
  notifempty
  daily
  rotate 3
  missingok
  compress
  postrotate
    if /usr/bin/mariadb-admin ping >/dev/null 2>&1; then /usr/bin/mariadb-admin flush-logs; fi
  endscript
}
`

const perl = ['perl', 'libdbi-perl', 'libconfig-inifiles-perl']

const server: Rpm = {
  name: 'mariadb-server',
  repository: 'appstream',
  debs: ['mariadb-server', 'mariadb-server-core'],
  without: [...perl, 'galera-4', 'gawk', 'lsof', 'psmisc', 'socat', 'rsync'],
  requires: ['mariadb'],
  user: ['mysql', '/var/lib/mysql'],
  units: ['mariadb.service'],
  move: [
    [/^\/etc\/(?!security).*/, ''],
    [/^\/usr\/lib\/systemd\/.*/, ''],
    [/^\/usr\/bin\/(wsrep|galera).*/, ''],
    [/^\/usr\/sbin\/(mariadbd|mysqld)$/, '/usr/libexec/$1'],
  ],
  edit: [['/usr/bin/mariadb-install-db', /sbin\/mariadbd/g, 'libexec/mariadbd']],
  files: {
    '/etc/my.cnf.d/mariadb-server.cnf': { content: serverSettings },
    '/etc/logrotate.d/mariadb': { content: logrotate },
    '/usr/lib/systemd/system/mariadb.service': { content: unit },
    '/usr/lib/tmpfiles.d/mariadb.conf': { content: sameSocket },
    '/usr/libexec/mariadb-prepare-db-dir': { content: prepare, mode: 0o755 },
  },
  folders: {
    '/var/lib/mysql': { owner: 'mysql' },
    '/var/log/mariadb': { owner: 'mysql', mode: '0750' },
  },
  post: 'systemd-tmpfiles --create mariadb.conf',
}

const client: Rpm = {
  name: 'mariadb',
  repository: 'appstream',
  debs: ['mariadb-client-core', 'mariadb-client'],
  without: perl,
  requires: ['mariadb-connector-c-config'],
  move: [[/^\/etc\/.*/, '']],
  files: {
    '/etc/my.cnf.d/mysql-clients.cnf': {
      content: '# Read by the clients.\n[mysql]\n\n[mysqldump]\n',
    },
  },
}

/** The database, besides the modular one of the same version: Debian has no other. */
export const mariadb: readonly Rpm[] = [
  server,
  client,
  { ...server, module: 'mariadb:10.11' },
  { ...client, module: 'mariadb:10.11' },
  {
    name: 'mariadb-connector-c',
    repository: 'appstream',
    debs: ['libmariadb3'],
    requires: ['mariadb-connector-c-config'],
  },
  {
    name: 'mariadb-connector-c-config',
    repository: 'appstream',
    debs: ['mariadb-common', 'mysql-common'],
    move: [[/.*/, '']],
    files: {
      '/etc/my.cnf': { content: '[client-server]\n\n!includedir /etc/my.cnf.d\n' },
      '/etc/my.cnf.d/client.cnf': { content: '# Read by all clients.\n[client]\n' },
    },
  },
]
