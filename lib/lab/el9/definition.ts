/** Raised when the packages are made in another way, so that cached ones do not count. */
export const edition = 1

/** Debian packages of the image besides those of debian12: what EL9 has, and what builds its packages. */
export const stagePackages: readonly string[] = [
  'createrepo-c',
  'dnf',
  'dnf-plugins-core',
  'hostname',
  'less',
  'python3',
  'rpm',
]

const dnfSettings = `[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
`

/**
 * Makes EL9's shape of what Debian has, by the image's own shell. It comes after the packages have
 * been built and before EL9's are installed.
 */
export const shapeScript = `
ln -sf bash /usr/bin/sh
groupadd --system wheel
usermod --groups wheel admin
printf '%%wheel ALL=(ALL) ALL\\n' >/etc/sudoers.d/wheel
chmod 0440 /etc/sudoers.d/wheel
sed -i -e 's/^# *SHELL=.*/SHELL=\\/bin\\/bash/' -e 's/^SHELL=.*/SHELL=\\/bin\\/bash/' /etc/default/useradd
printf 'CREATE_HOME yes\\nHOME_MODE 0700\\n' >>/etc/login.defs
cd /usr/lib/systemd/system
systemctl -q disable ssh.service ssh.socket
sed -e '/^Alias=/d' ssh.service >sshd.service
rm ssh.service ssh.socket
systemctl -q enable sshd.service
systemctl -q mask dnf-makecache.timer
# Packages of their own on EL9.
cd /usr/lib/python3/dist-packages/dnf-plugins
rm -f local.py post_transaction_actions.py versionlock.py
[ -e /usr/bin/yum ] || ln -s dnf /usr/bin/yum
mkdir -p /etc/rpm /etc/sysconfig /etc/yum.repos.d /etc/dnf/vars /usr/lib64
printf '%%_dbpath %%{_var}/lib/rpm\\n' >/etc/rpm/macros.lab
cat >/etc/dnf/dnf.conf <<'END'
${dnfSettings}END
rm -f /etc/os-release /usr/lib/os-release /etc/debian_version /etc/issue /etc/issue.net
`

/** What is done at last: nothing but dnf manages packages. */
export const finalScript = `
systemctl -q preset firewalld.service
rm -rf /etc/apt /etc/dpkg /etc/kernel /var/lib/apt /var/lib/dpkg /var/cache/apt /var/cache/debconf
rm -rf /usr/bin/apt* /usr/bin/dpkg* /usr/lib/apt /var/cache/dnf /var/cache/ldconfig /var/log/*
rm -rf /usr/share/man/* /usr/share/locale/* /tmp/* /root/rpmbuild
rm -f /etc/machine-id /var/lib/dbus/machine-id /etc/resolv.conf /etc/ssh/ssh_host_*
find /usr/share/doc -not -type d -not -name copyright -delete
`
