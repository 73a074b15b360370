import type { Rpm } from './types.js'

const chronySettings = `pool 2.almalinux.pool.ntp.org iburst
driftfile /var/lib/chrony/drift
makestep 1.0 3
rtcsync
keyfile /etc/chrony.keys
leapsectz right/UTC
logdir /var/log/chrony
`

const chronyUnit = `[Unit]
Description=NTP client/server
After=ntpdate.service sntp.service ntpd.service
Conflicts=ntpd.service systemd-timesyncd.service
ConditionCapability=CAP_SYS_TIME

[Service]
Type=forking
PIDFile=/run/chrony/chronyd.pid
EnvironmentFile=-/etc/sysconfig/chronyd
ExecStart=/usr/sbin/chronyd -f /etc/chrony.conf -u chrony $OPTIONS

[Install]
WantedBy=multi-user.target
`

const lsyncdUnit = `[Unit]
Description=Live Syncing (Mirror) Daemon
After=network.target

[Service]
Type=simple
EnvironmentFile=-/etc/sysconfig/lsyncd
ExecStart=/usr/bin/lsyncd -nodaemon $LSYNCD_OPTIONS

[Install]
WantedBy=multi-user.target
`

const lsyncdSettings = `-- Put what is to be mirrored here.
settings {
  logfile = "/var/log/lsyncd/lsyncd.log",
  statusFile = "/var/log/lsyncd/lsyncd.status",
}
`

const bundle = '/etc/ssl/certs/ca-certificates.crt'

export const services: readonly Rpm[] = [
  {
    name: 'chrony',
    repository: 'baseos',
    debs: ['chrony'],
    without: ['adduser', 'ucf', 'iproute2'],
    user: ['chrony', '/var/lib/chrony'],
    units: ['chronyd.service'],
    move: [
      [/^\/etc\/(?!logrotate).*/, ''],
      [/^\/usr\/lib\/(systemd|networkd-dispatcher|NetworkManager)\/.*/, ''],
      [/^\/usr\/share\/chrony\/.*/, ''],
      [/^\/var\/.*/, ''],
    ],
    files: {
      '/etc/chrony.conf': { content: chronySettings },
      '/etc/chrony.keys': { content: '', mode: 0o640 },
      '/etc/sysconfig/chronyd': { content: 'OPTIONS="-F 2"\n' },
      '/usr/lib/systemd/system/chronyd.service': { content: chronyUnit },
    },
    folders: {
      '/var/lib/chrony': { owner: 'chrony', mode: '0750' },
      '/var/log/chrony': { owner: 'chrony' },
    },
  },
  {
    name: 'lsyncd',
    repository: 'epel',
    debs: ['lsyncd'],
    without: ['lsb-base', 'lua5.3'],
    requires: ['rsync'],
    units: ['lsyncd.service'],
    files: {
      '/etc/lsyncd.conf': { content: lsyncdSettings },
      '/etc/sysconfig/lsyncd': { content: 'LSYNCD_OPTIONS="/etc/lsyncd.conf"\n' },
      '/etc/logrotate.d/lsyncd': {
        content:
          '/var/log/lsyncd/*log {\n  missingok\n  notifempty\n  sharedscripts\n  postrotate\n    systemctl try-restart lsyncd.service >/dev/null 2>&1 || :\n  endscript\n}\n',
      },
      '/usr/lib/systemd/system/lsyncd.service': { content: lsyncdUnit },
    },
    folders: { '/var/log/lsyncd': {} },
  },
  {
    name: 'rsync',
    repository: 'baseos',
    debs: ['rsync'],
    move: [
      [/^\/etc\/.*/, ''],
      [/^\/usr\/lib\/systemd\/.*/, ''],
      [/^\/usr\/bin\/rrsync$/, ''],
    ],
  },
  {
    name: 'rsync-rrsync',
    repository: 'appstream',
    debs: ['rsync'],
    requires: ['rsync'],
    move: [[/^(?!\/usr\/bin\/rrsync$).*/, '']],
  },
  {
    name: 'logrotate',
    repository: 'baseos',
    debs: ['logrotate'],
    units: ['logrotate.timer'],
    without: ['cron'],
    move: [[/^\/(etc\/cron|usr\/share\/bug).*/, '']],
    folders: { '/var/lib/logrotate': {} },
  },
  {
    name: 'firewalld',
    repository: 'baseos',
    debs: ['firewalld'],
    without: ['polkitd', 'gir1.2-nm-1.0', 'dbus'],
    units: ['firewalld.service'],
  },
  { name: 'python3-firewall', repository: 'baseos', debs: ['python3-firewall'] },
  { name: 'nftables', repository: 'baseos', debs: ['nftables'], move: [[/^\/etc\/.*/, '']] },
  { name: 'python3-nftables', repository: 'baseos', debs: ['python3-nftables'] },
  { name: 'openssl', repository: 'baseos', debs: ['openssl'] },
  {
    name: 'ca-certificates',
    repository: 'baseos',
    debs: ['ca-certificates'],
    without: ['debconf'],
    links: { '/etc/pki/tls/certs/ca-bundle.crt': bundle },
    post: "cd /usr/share/ca-certificates && find . -name '*.crt' -printf '%P\\n' >/etc/ca-certificates.conf && update-ca-certificates >/dev/null 2>&1",
  },
  {
    name: 'policycoreutils',
    repository: 'baseos',
    debs: ['policycoreutils', 'semodule-utils'],
    without: ['lsb-base'],
    move: [[/^\/(etc\/init\.d|etc\/default|(usr\/)?lib\/systemd|usr\/share\/bug)\/.*/, '']],
  },
  { name: 'checkpolicy', repository: 'appstream', debs: ['checkpolicy'] },
  {
    name: 'policycoreutils-python-utils',
    repository: 'appstream',
    debs: ['policycoreutils-python-utils'],
    requires: ['checkpolicy'],
  },
  {
    name: 'git',
    repository: 'appstream',
    debs: ['git'],
    without: ['git-man', 'liberror-perl'],
  },
  ...['tree', 'jq', 'curl', 'make', 'patch'].map((name): Rpm => ({
    name,
    repository: 'baseos',
    debs: [name],
  })),
  ...['lego', 'hello'].map((name): Rpm => ({ name, repository: 'epel', debs: [name] })),
]
