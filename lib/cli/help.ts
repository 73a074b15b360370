import { type Flag, flags } from './flags.js'

/** Columns of the left side, and of the right. */
const left = 34
const right = 62

/**
 * The text of `--help`: every flag with its default, the exit codes and examples.
 *
 * @param name how the playbook is called, for example `playbooks/site.ts`
 */
export function playbookHelp(name: string): string {
  return `Usage: npx tsx ${name} -i INVENTORY [flags]

Flags:
${Object.entries<Flag>(flags)
  .map(([long, flag]) => flagLine(long, flag))
  .join('\n')}

Exit codes:
  0    done
  1    the input was wrong and no host was touched
  2    a task failed, or a check
  4    a host was unreachable, and no task failed
  130  it was interrupted
With --detailed-exitcode:
  0    nothing to change
  2    changes were made, or with --check would be made
  1    anything else

Environment:
  HOSTWRIGHT_INVENTORY         the inventory where there is no -i
  HOSTWRIGHT_VAULT_PASSWORD    the vault password
  ANSIBLE_VAULT_PASSWORD_FILE  its file, as --vault-password-file
  NO_COLOR, FORCE_COLOR        output without or with colours

Examples:
  npx tsx ${name} -i inventories/lab
  npx tsx ${name} -i inventories/lab --check --diff
  npx tsx ${name} -i inventories/lab --limit 'cluster:!c2' --tags mariadb -e version=2
  npx tsx ${name} -i inventories/lab --output json > run.jsonl
`
}

/** The flag on the left, what it does on the right. */
function flagLine(long: string, flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `
  const name = `  ${short}--${long}${flag.value === undefined ? '' : ` ${flag.value}`}`
  const fallback = flag.default === undefined ? '' : ` (default: ${flag.default})`
  return `${name.padEnd(left)}${wrap(`${flag.help}${fallback}`).join(`\n${' '.repeat(left)}`)}`
}

function wrap(text: string): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= right)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
