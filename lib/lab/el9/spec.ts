import type { ResolvedRpm } from './resolve.js'

/** What rpmbuild makes a package of: the files are in `tree`, their list in `list`. */
export function specOf(resolved: ResolvedRpm, tree: string, list: string): string {
  const { rpm, debs, requires } = resolved
  const { epoch, version, release } = versionOf(resolved)
  const [first] = debs
  const noarch = debs.every(({ architecture }) => architecture === 'all')
  const lines = [
    '%global debug_package %{nil}',
    '%global __os_install_post %{nil}',
    '%global _build_id_links none',
    '%global _binary_payload w3.zstdio',
    '%global _binaries_in_noarch_packages_terminate_build 0',
    '%global _buildhost localhost',
    `Name: ${rpm.name}`,
    ...(epoch === undefined ? [] : [`Epoch: ${epoch}`]),
    `Version: ${version}`,
    `Release: ${release}`,
    `Summary: ${rpm.summary ?? first?.summary ?? rpm.name}`,
    'License: see the copyright file',
    'AutoReqProv: no',
    ...(noarch ? ['BuildArch: noarch'] : []),
    ...(rpm.module === undefined ? [] : [`ModularityLabel: ${rpm.module}:9:imitation`]),
    ...requires.map((name) => `Requires: ${name}`),
    ...(rpm.provides ?? []).map((name) => `Provides: ${name}`),
    ...(rpm.conflicts ?? []).map((name) => `Conflicts: ${name}`),
    '%description',
    "Made for Hostwright's imitation of EL9; it is not the package of AlmaLinux or EPEL.",
    ...(debs.length > 0
      ? [`Its files are those of Debian's ${debs.map(({ name }) => name).join(', ')}.`]
      : []),
    '%install',
    'rm -rf %{buildroot}',
    `mv ${tree} %{buildroot}`,
    ...scripts(resolved),
    `%files -f ${list}`,
    '',
  ]
  return lines.join('\n')
}

/** `[epoch:]upstream[-revision]` of Debian; rpm allows no hyphen in a part. */
export function versionOf({ rpm, debs }: ResolvedRpm): {
  readonly epoch: string | undefined
  readonly version: string
  readonly release: string
} {
  const text = debs[0]?.version ?? rpm.version ?? '9'
  const [, epoch, upstream = '', revision = '1'] =
    /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(text) ?? []
  const module = rpm.module === undefined ? '' : '.module_el9'
  return {
    epoch,
    version: upstream.replaceAll('-', '.'),
    release: `${revision}.el9${module}`,
  }
}

function scripts({ rpm: { user, units = [], post } }: ResolvedRpm): readonly string[] {
  const names = units.join(' ')
  const reload = '[ ! -d /run/systemd/system ] || systemctl daemon-reload'
  const [account = '', home = ''] = user ?? []
  const first = [
    ...(post === undefined ? [] : [post.replaceAll('%', '%%')]),
    ...(units.length === 0
      ? []
      : [reload, `[ $1 -ne 1 ] || systemctl --no-reload preset ${names} >/dev/null 2>&1 || :`]),
  ]
  return [
    ...(user === undefined
      ? []
      : [
          '%pre',
          `getent group ${account} >/dev/null || groupadd --system ${account}`,
          `getent passwd ${account} >/dev/null || useradd --system --gid ${account} --no-create-home --home-dir ${home} --shell /sbin/nologin ${account}`,
        ]),
    ...(first.length === 0 ? [] : ['%post', ...first, ':']),
    ...(units.length === 0
      ? []
      : [
          '%preun',
          `[ $1 -ne 0 ] || systemctl --no-reload disable --now ${names} >/dev/null 2>&1 || :`,
          '%postun',
          `${reload} || :`,
          `[ $1 -lt 1 ] || systemctl try-restart ${names} >/dev/null 2>&1 || :`,
        ]),
  ]
}
