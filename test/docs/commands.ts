// Whether the command lines of the documents are ones that there are.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { takeDriftFlags } from '../../lib/cli/drift-flags.js'
import { parsePlaybookArgs } from '../../lib/cli/options.js'
import { splitWords } from '../../lib/inventory/shell-words.js'
import { root } from './documents.js'

/** Programs that are not this project's. */
const others = ['apt-get', 'cd', 'chmod', 'cp']
const ofNpm = ['ci', 'cit', 'install', 'pack', 'test']

/** The commands of a block of shell, as words, without the variables that are set for one. */
export function commandsOf(text: string): readonly (readonly string[])[] {
  return text
    .split(/\n|&&/)
    .map(splitWords)
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter(({ length }) => length > 0)
}

/**
 * What is wrong with a command.
 *
 * @param folder of the document: a package's own has scripts of its own
 * @returns undefined where nothing is; words for `hostwright` that it has to take
 * @throws what the parser of its flags throws
 */
export function judgeCommand(
  words: readonly string[],
  folder = '',
): string | readonly string[] | undefined {
  const [program = '', first = '', second = '', ...rest] = words
  if (others.includes(program)) return undefined
  if (program === 'npm' && first === 'run')
    return isScript(second, folder) ? undefined : 'no such script'
  if (program === 'npm') return ofNpm.includes(first) ? undefined : 'no command of npm'
  if (program !== 'npx') return 'no known program'
  if (first === '--package') return judgeCommand([program, ...rest], folder)
  if (first === 'tsx') return judgeRun(second, rest)
  if (first !== 'hostwright') return 'no known package'
  const [playbook = '', ...flags] = rest
  if (second === 'run') return judgeRun(playbook, flags)
  if (second === 'drift') return judgeRun(playbook, takeDriftFlags(flags).rest)
  return [second, ...rest]
}

function judgeRun(playbook: string, flags: readonly string[]): string | undefined {
  const { inventories } = parsePlaybookArgs(flags, {})
  return [playbook, ...inventories].find((path) => !existsSync(join(root, path)))
}

function isScript(name: string, folder: string): boolean {
  const own = join(root, folder, 'package.json')
  const manifest = existsSync(own) ? own : join(root, 'package.json')
  const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly scripts: object
  }
  return name in scripts
}

/** Those of the commands that `hostwright` does not take: none does anything but print its help. */
export function refused(commands: readonly (readonly string[])[]): readonly string[] {
  const code = `
    const { main } = await import('./lib/cli/main.ts')
    const said = []
    process.stdout.write = (text) => said.push(text)
    const wrong = []
    for (const words of ${JSON.stringify(commands)}) {
      said.length = 0
      // What follows the host of ssh is for the host.
      const own = words.slice(0, words[1] === 'ssh' ? 2 : undefined)
      const status = await main([...own, '--help'])
      const isNamed = !['lab', 'vault'].includes(own[0]) || said.join('').includes('\\n  ' + own[1] + ' ')
      if (status !== 0 || !isNamed) wrong.push(words.join(' '))
    }
    console.error(JSON.stringify(wrong))`
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', code],
    { cwd: root, encoding: 'utf8' },
  )
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as readonly string[]
}
