import { quote } from '../core/quote.js'
import { redact } from '../core/secret.js'
import { plainText } from '../report/text.js'
import type { Finding } from './types.js'

/** Lines of a log, and of logins, that are worth showing. */
const most = 2

/** What a host is asked about its findings, in one message that only reads. */
export interface EvidenceQuestion {
  readonly script: string
  /** What was answered, by the id of the finding. */
  read(stdout: string): ReadonlyMap<string, readonly string[]>
}

/** Asks who and when: times and owners of files, logs of packages, times of services, last logins. */
export function evidenceOf(findings: readonly Finding[]): EvidenceQuestion {
  const parts = findings.map((finding, at) => {
    const { task, property } = finding
    const name = task.slice(task.indexOf(' ') + 1)
    const ask = asks[task.slice(0, task.indexOf(' '))]
    return ask === undefined ? '' : `{ ${ask(name, property)}\n} | sed ${quote(`s/^/${at}\t/`)}`
  })
  return {
    script: [...helpers, ...parts.filter((part) => part !== ''), logins].join('\n'),
    read(stdout) {
      const lines = stdout
        .split('\n')
        .filter((line) => line.includes('\t'))
        .map((line) => line.split('\t') as [string, ...string[]])
      const about = (at: string) =>
        lines.filter(([head]) => head === at).map(([, ...rest]) => shown(rest.join(' ')))
      const general = about('login')
      return new Map(findings.map(({ id }, at) => [id, [...about(String(at)), ...general]]))
    },
  }
}

function shown(text: string): string {
  return redact(plainText(text)).replaceAll(/ {2,}/g, ' ').trim()
}

/** Reads as little as it can, says nothing where there is nothing, and never fails. */
const helpers = [
  'exec 2>/dev/null; export LC_ALL=C TZ=UTC',
  `hw_file() { stat -c '%y %Y %z %U' -- "$1" | while read -r d t z s cd ct cz o; do
  echo "modified $d $(echo "$t" | cut -c1-8) UTC, owned by $o"
  [ "$d $t" = "$cd $ct" ] || echo "mode, owner or name changed $cd $(echo "$ct" | cut -c1-8) UTC"
done; }`,
]

/**
 * Who changed a package last, where that was with sudo and apt; the command is not told, it may hold a
 * password. Who runs dpkg itself is in no log: what dpkg did last has to be of that run of apt.
 *
 * @param dpkg prints what dpkg did with the package
 */
const aptUser = (name: string, dpkg: string) => `awk -F '\\n' -v RS= \\
  -v name=${quote(` ${name}:`)} -v at="$(${dpkg} | tail -n 1 | cut -c1-19)" '
  index($0, name) {
    start = end = by = ""
    for (i = 1; i <= NF; i++) {
      sub(/  /, " ", $i)
      if (sub(/^Start-Date: /, "", $i)) start = $i
      if (sub(/^End-Date: /, "", $i)) end = $i
      if (sub(/^Requested-By: /, "", $i)) by = $i
    }
  }
  END { if (by != "" && start <= at && at <= end) print "by " by ", " start }' /var/log/apt/history.log`

const file = (path: string) => `hw_file ${quote(path)}`

/** By the kind of the task: shell that prints a line for each thing that it knows. */
const asks: Readonly<Record<string, (name: string, property: string) => string>> = {
  file,
  template: file,
  directory: file,
  symlink: file,
  lineInFile: file,
  blockInFile: file,
  sshKeypair: file,
  hostsEntry: () => file('/etc/hosts'),
  user: () => file('/etc/passwd'),
  group: () => file('/etc/group'),
  authorizedKey: (name) => {
    // The path stands last, where it is not the usual one.
    const [, path] = /^.* in (\/.*)$/.exec(name) ?? []
    if (path !== undefined) return file(path)
    const user = quote(name.split(' ')[0] ?? '')
    return `hw_home=$(getent passwd ${user} | cut -d: -f6)\nhw_file "$hw_home/.ssh/authorized_keys"`
  },
  service: (name) =>
    `systemctl show -p ActiveState,StateChangeTimestamp -- ${quote(name)} | tr '\\n' ' ' |
  sed -n 's/ActiveState=\\([^ ]*\\) StateChangeTimestamp=\\(..*\\)/\\1 since \\2/p; s/StateChangeTimestamp=\\(.*\\) ActiveState=\\([^ ]*\\)/\\2 since \\1/p'`,
  packages: (_, property) => {
    const name = property.replace(/[^\w-]/g, '\\$&')
    const dpkg = `log /var/log/dpkg.log ${quote(` (install|upgrade|remove|purge) ${name}:`)}`
    // A name may begin another: of dnf's only version and release are behind it.
    return `log() { [ -r "$1" ] && grep -E -e "$2" -- "$1" | sed 's/ SUBDEBUG / /' | tail -n ${most}; }
${dpkg}
log /var/log/dnf.rpm.log ${quote(` SUBDEBUG [A-Z][a-z]+: ${name}-[^-]+-[^-]+$`)}
${aptUser(property, dpkg)}`
  },
}

/** Those of people: a check of this program logs in without a terminal, which is not told here. */
const logins = `[ -r /var/log/wtmp ] && last -w -n ${most} | sed -n '/^\\(reboot\\|wtmp\\|runlevel\\|$\\)/!s/^/login\\tlogin /p'
:`
