import type { Rpm } from './types.js'

const nginxSettings = `user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log;
pid /run/nginx.pid;

include /usr/share/nginx/modules/*.conf;

events {
    worker_connections 1024;
}

http {
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" "$http_user_agent"';
    access_log /var/log/nginx/access.log main;

    sendfile on;
    tcp_nopush on;
    keepalive_timeout 65;
    types_hash_max_size 4096;

    include /etc/nginx/mime.types;
    default_type application/octet-stream;

    include /etc/nginx/conf.d/*.conf;

    server {
        listen 80;
        listen [::]:80;
        server_name _;
        root /usr/share/nginx/html;

        include /etc/nginx/default.d/*.conf;
    }
}
`

const nginxUnit = `[Unit]
Description=The nginx HTTP and reverse proxy server
After=network-online.target remote-fs.target nss-lookup.target
Wants=network-online.target

[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStartPre=/usr/bin/rm -f /run/nginx.pid
ExecStartPre=/usr/sbin/nginx -t
ExecStart=/usr/sbin/nginx
ExecReload=/usr/sbin/nginx -s reload
KillSignal=SIGQUIT
TimeoutStopSec=5
KillMode=mixed
PrivateTmp=true

[Install]
WantedBy=multi-user.target
`

const uwsgiSettings = `[uwsgi]
uid = uwsgi
gid = uwsgi
pidfile = /run/uwsgi/uwsgi.pid
emperor = /etc/uwsgi.d
stats = /run/uwsgi/stats.sock
chmod-socket = 660
emperor-tyrant = true
cap = setgid,setuid
`

const uwsgiUnit = `[Unit]
Description=uWSGI Emperor Service
After=syslog.target

[Service]
Type=notify
RuntimeDirectory=uwsgi
ExecStartPre=/bin/chown -R uwsgi:uwsgi /run/uwsgi
ExecStart=/usr/sbin/uwsgi --ini /etc/uwsgi.ini
ExecReload=/bin/kill -HUP $MAINPID
KillSignal=SIGINT
Restart=always
NotifyAccess=all

[Install]
WantedBy=multi-user.target
`

/** The programs are linked to Debian's place of their plugins. */
const plugins: Rpm['move'] = [
  [/^\/usr\/lib\/uwsgi\/plugins\/(.*)/, '/usr/lib64/uwsgi/$1'],
  [/^\/usr\/lib\/uwsgi\/plugins$/, ''],
  [/^\/usr\/bin\/uwsgi-core$/, '/usr/sbin/uwsgi'],
  [/^\/usr\/bin\/uwsgi_.*/, ''],
  [/^\/(usr\/lib\/systemd|usr\/share\/python3)\/.*/, ''],
]

export const web: readonly Rpm[] = [
  {
    name: 'nginx',
    repository: 'appstream',
    debs: ['nginx', 'nginx-common'],
    without: ['debconf'],
    user: ['nginx', '/var/lib/nginx'],
    units: ['nginx.service'],
    move: [
      [/^\/etc\/(nginx\/(nginx\.conf|sites|snippets|modules|conf\.d|proxy)|default|ufw).*/, ''],
      [/^\/usr\/share\/(vim|apport|nginx\/modules).*/, ''],
      [/^\/var\/(log|www)\/.*/, ''],
    ],
    files: {
      '/etc/nginx/nginx.conf': { content: nginxSettings },
      '/usr/lib/systemd/system/nginx.service': { content: nginxUnit },
    },
    folders: {
      '/etc/nginx/conf.d': {},
      '/etc/nginx/default.d': {},
      '/usr/share/nginx/modules': {},
      '/usr/lib64/nginx/modules': {},
      '/var/lib/nginx': { owner: 'nginx', mode: '0770' },
      '/var/log/nginx': { mode: '0711' },
    },
  },
  {
    name: 'uwsgi',
    repository: 'epel',
    debs: ['uwsgi-core'],
    user: ['uwsgi', '/run/uwsgi'],
    units: ['uwsgi.service'],
    move: plugins,
    files: {
      '/etc/uwsgi.ini': { content: uwsgiSettings },
      '/usr/lib/systemd/system/uwsgi.service': { content: uwsgiUnit },
    },
    links: { '/usr/lib/uwsgi/plugins': '../../lib64/uwsgi' },
    folders: { '/etc/uwsgi.d': { owner: 'uwsgi' }, '/usr/lib64/uwsgi': {} },
  },
  {
    name: 'uwsgi-plugin-python3',
    repository: 'epel',
    debs: ['uwsgi-plugin-python3'],
    move: plugins,
    links: { '/usr/lib64/uwsgi/python3_plugin.so': 'python311_plugin.so' },
  },
  { name: 'python3-uwsgidecorators', repository: 'epel', debs: ['python3-uwsgidecorators'] },
]
