import { quote } from '../../core/quote.js'
import { policyFile } from '../probes/firewalld.js'

const call = (method: string, name: string): string =>
  `busctl call org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.policy ${method} ${quote(name)}`

/** Writes a policy's file from standard input. firewalld never reads half of it: it takes names that end in .xml only. */
export function writePolicy(name: string): string {
  const path = policyFile(name)
  const folder = path.slice(0, path.lastIndexOf('/'))
  const temporary = `${folder}/.hostwright.${name}.`
  return `umask 077
[ -d /etc/firewalld ] || mkdir -m 0750 /etc/firewalld || exit 1
[ -d ${folder} ] || mkdir -m 0755 ${folder} || exit 1
rm -f ${temporary}??????
tmp=$(mktemp ${temporary}XXXXXX) || exit 1
trap 'rm -f "$tmp"' EXIT
cat >"$tmp" && chmod 0644 "$tmp" && sync "$tmp" && mv -fT "$tmp" ${path} || exit 1`
}

/** Makes the running firewalld read its files, and fails where it does not take the policy. */
export function reload(name: string): string {
  return `firewall-cmd --quiet --reload || exit 1
${call('getPolicySettings s', name)} >/dev/null`
}

/** Replaces all rules of the running firewalld's policy in one call. */
export function setRules(name: string, rules: readonly string[]): string {
  const words = ['rich_rules', 'as', String(rules.length), ...rules].map(quote).join(' ')
  return `${call("setPolicySettings 'sa{sv}'", name)} 1 ${words} >/dev/null`
}
