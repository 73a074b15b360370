import type { LayerFile } from '../files.js'

/** Packages of the image besides debootstrap's minbase. */
export const imagePackages: readonly string[] = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'iproute2',
  'sudo',
  'procps',
  'netbase',
]

/** Units that a lab host has no use for; without them it boots faster. */
export const maskedUnits: readonly string[] = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'dev-hugepages.mount',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty.target',
  'getty-static.service',
  'systemd-ask-password-console.path',
  'systemd-ask-password-wall.path',
  'systemd-initctl.socket',
  'systemd-journal-flush.service',
  'systemd-network-generator.service',
  'systemd-networkd-wait-online.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
]

const dpkg = `force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
`

const sshd = `HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`

/** Settings that are there before the packages are. */
export const imageFiles: Readonly<Record<string, LayerFile>> = {
  'etc/apt/apt.conf.d/90lab': { content: 'Acquire::Languages "none";\n' },
  // The packages come from the lab: nothing is lost when a host of it loses power.
  'etc/dpkg/dpkg.cfg.d/lab': { content: dpkg },
  'etc/ssh/sshd_config.d/lab.conf': { content: sshd },
  'etc/systemd/journald.conf.d/lab.conf': {
    content: '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n',
  },
}

/** What is done in the image at last, by its own shell. */
export const imageScript = `
set -e
useradd --create-home --shell /bin/bash --groups sudo admin
chmod 0700 /home/admin
systemctl -q enable systemd-networkd.service
systemctl -q disable systemd-networkd-wait-online.service
systemctl -q mask ${maskedUnits.join(' ')}
rm -f /etc/ssh/ssh_host_* /etc/apt/sources.list /etc/hostname /etc/resolv.conf
rm -f /etc/machine-id /var/lib/dbus/machine-id
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt/* /var/log/journal
rm -rf /usr/share/man/* /usr/share/locale/*
find /usr/share/doc -not -type d -not -name copyright -delete
`
