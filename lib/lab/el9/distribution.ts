import type { Repository, Rpm } from './types.js'

export const version = '9.4'

const notice = "Hostwright's lab: an imitation of EL9 made of Debian 12, not AlmaLinux"

export const osRelease = `NAME="AlmaLinux"
VERSION="${version} (imitation)"
ID="almalinux"
ID_LIKE="rhel centos fedora"
VERSION_ID="${version}"
PLATFORM_ID="platform:el9"
PRETTY_NAME="AlmaLinux ${version} (imitation)"
VARIANT="${notice}"
VARIANT_ID="hostwright-lab"
`

/** What a lab is reached by; a variable of dnf, since packages bring repositories too. */
export const serverVariable = 'hostwright_lab'

const presets = `enable sshd.service
enable firewalld.service
enable chronyd.service
enable logrotate.timer
enable systemd-networkd.service
`

function repositoryFile(name: Repository, title: string): string {
  return `[${name}]
name=${title} (${notice})
baseurl=http://$${serverVariable}/${name}/
enabled=1
gpgcheck=0
metadata_expire=6h
`
}

/** What dnf takes as done, since the files are Debian's: names of EL9, and of Debian. */
const base: Readonly<Record<string, string>> = {
  bash: 'bash',
  coreutils: 'coreutils',
  dbus: 'dbus',
  diffutils: 'diffutils',
  dnf: 'dnf',
  'dnf-plugins-core': 'dnf-plugins-core',
  findutils: 'findutils',
  glibc: 'libc6',
  gnupg2: 'gnupg',
  grep: 'grep',
  gzip: 'gzip',
  hostname: 'hostname',
  iproute: 'iproute2',
  'openssh-clients': 'openssh-client',
  'openssh-server': 'openssh-server',
  pam: 'libpam0g',
  'procps-ng': 'procps',
  python3: 'python3',
  rpm: 'rpm',
  sed: 'sed',
  'shadow-utils': 'passwd',
  sudo: 'sudo',
  systemd: 'systemd',
  tar: 'tar',
  tzdata: 'tzdata',
  'util-linux': 'util-linux',
  which: 'debianutils',
}

/** What scripts of packages ask for, since packages of the base have no files. */
const paths: Readonly<Record<string, readonly string[]>> = {
  bash: ['/bin/sh', '/usr/bin/sh', '/bin/bash', '/usr/bin/bash'],
  python3: ['/usr/bin/python3'],
}

/** Packages that are in the image; those without files say what else is. */
export const baseNames: readonly string[] = [
  'almalinux-release',
  'almalinux-repos',
  'firewalld',
  'curl',
  'openssl',
  'ca-certificates',
  ...Object.keys(base),
]

export const distribution: readonly Rpm[] = [
  {
    name: 'almalinux-release',
    repository: 'baseos',
    summary: notice,
    version,
    provides: [
      `system-release = ${version}`,
      'system-release(releasever) = 9',
      `redhat-release = ${version}`,
      'base-module(platform:el9)',
    ],
    files: {
      '/usr/lib/os-release': { content: osRelease },
      '/etc/redhat-release': { content: `AlmaLinux release ${version} (imitation)\n` },
      '/etc/almalinux-release': { content: `AlmaLinux release ${version} (imitation)\n` },
      '/usr/lib/systemd/system-preset/90-default.preset': { content: presets },
      '/usr/lib/systemd/system-preset/99-default-disable.preset': { content: 'disable *\n' },
    },
    links: { '/etc/os-release': '../usr/lib/os-release', '/etc/system-release': 'redhat-release' },
  },
  {
    name: 'almalinux-repos',
    repository: 'baseos',
    summary: 'The repositories of the lab',
    version,
    files: {
      '/etc/yum.repos.d/almalinux-baseos.repo': { content: repositoryFile('baseos', 'BaseOS') },
      '/etc/yum.repos.d/almalinux-appstream.repo': {
        content: repositoryFile('appstream', 'AppStream'),
      },
      '/etc/yum.repos.d/almalinux-extras.repo': { content: repositoryFile('extras', 'Extras') },
    },
  },
  {
    name: 'epel-release',
    repository: 'extras',
    summary: "The lab's imitation of Extra Packages for Enterprise Linux",
    files: { '/etc/yum.repos.d/epel.repo': { content: repositoryFile('epel', 'EPEL') } },
  },
  ...Object.entries(base).map(([name, deb]): Rpm => ({
    name,
    repository: 'baseos',
    debs: [deb],
    ghosts: paths[name] ?? [],
    move: [[/.*/, '']],
    // It is there, with all that it needs.
    without: ['*'],
  })),
]
