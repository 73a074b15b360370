import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { load } from 'js-yaml'
import t from 'tap'
import { takeDriftFlags } from '../../lib/cli/drift-flags.js'
import { parsePlaybookArgs } from '../../lib/cli/options.js'
import { reportTo } from '../../lib/drift/index.js'
import { tempFolder } from '../fixtures/run.js'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const history = '.hostwright/drift'

/** What a ready file says of its checks. */
interface Schedule {
  /** The words of each command that is run. */
  readonly commands: readonly (readonly string[])[]
  readonly crons: readonly string[]
  /** Files that are read or kept once the check has ended. */
  readonly consumed: readonly string[]
  /** How the history is there for the next check; undefined where it is not. */
  readonly kept: string | undefined
  readonly env?: Readonly<Record<string, string>>
}

/** The words of the checks in a shell's text, up to where the shell does something else. */
function commandsIn(text: string): readonly (readonly string[])[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/)
    const at = words.findIndex((word) => basename(word) === 'hostwright')
    if (at === -1 || words[at + 1] !== 'drift') return []
    const rest = words.slice(at + 2)
    const end = rest.findIndex((word) => /^\d?[|&;<>]/.test(word))
    return [end === -1 ? rest : rest.slice(0, end)]
  })
}

function cron(text: string): Schedule {
  const [line = ''] = text.split('\n').filter((one) => /^[^#\s]/.test(one))
  const [, fields = '', , command = ''] = /^((?:\S+ ){4}\S+) (\S+) (.*)$/.exec(line) ?? []
  const kept = /^cd (\/\S+) && /.exec(command)?.[1]
  return { commands: commandsIn(command), crons: [fields], consumed: [], kept }
}

interface Workflow {
  readonly on: { readonly schedule: readonly { readonly cron: string }[] }
  readonly concurrency: string
  readonly jobs: {
    readonly drift: {
      readonly env?: Readonly<Record<string, string>>
      readonly steps: readonly {
        readonly uses?: string
        readonly run?: string
        readonly if?: string
        readonly with?: Readonly<Record<string, unknown>>
      }[]
    }
  }
}

function github(text: string): Schedule {
  const { on, jobs, concurrency } = load(text) as Workflow
  const { steps, env } = jobs.drift
  const runs = steps.flatMap(({ run }) => run ?? [])
  const place = (is: (step: (typeof steps)[number]) => boolean) => steps.findIndex(is)
  const cached = (uses: string) =>
    place((step) => step.uses?.startsWith(uses) === true && step.with?.['path'] === history)
  const [restore, save] = [cached('actions/cache/restore@'), cached('actions/cache/save@')]
  const check = place(({ run = '' }) => commandsIn(run).length > 0)
  const checkout = place(({ uses }) => uses?.startsWith('actions/checkout@') === true)
  const isKept =
    typeof concurrency === 'string' &&
    checkout < restore &&
    restore < check &&
    check < save &&
    steps[save]?.if === 'always()'
  return {
    commands: runs.flatMap(commandsIn),
    crons: on.schedule.map((one) => one.cron),
    consumed: runs.flatMap((run) => [...run.matchAll(/^cat (\S+)/gm)].map(([, file = '']) => file)),
    kept: isKept ? String(steps[save]?.with?.['path']) : undefined,
    ...(env && { env }),
  }
}

function gitlab(text: string): Schedule {
  const { drift } = load(text) as {
    readonly drift: {
      readonly script: readonly string[]
      readonly resource_group: string
      readonly cache: { readonly paths: readonly string[]; readonly when: string }
      readonly artifacts: {
        readonly paths: readonly string[]
        readonly reports: Readonly<Record<string, string>>
      }
    }
  }
  const { script, cache, artifacts, resource_group: group } = drift
  const [kept] = cache.paths.filter((path) => path.replace(/\/$/, '') === history)
  return {
    commands: script.flatMap(commandsIn),
    crons: [],
    consumed: [...artifacts.paths, ...Object.values(artifacts.reports)],
    kept: cache.when === 'always' && typeof group === 'string' ? kept : undefined,
  }
}

function kubernetes(text: string): Schedule {
  interface Named {
    readonly name: string
    readonly mountPath: string
    readonly persistentVolumeClaim?: object
  }
  const { spec } = load(text) as {
    readonly spec: {
      readonly schedule: string
      readonly concurrencyPolicy: string
      readonly jobTemplate: {
        readonly spec: {
          readonly template: {
            readonly spec: {
              readonly volumes: readonly Named[]
              readonly containers: readonly {
                readonly workingDir: string
                readonly command: readonly string[]
                readonly args: readonly string[]
                readonly volumeMounts: readonly Named[]
              }[]
            }
          }
        }
      }
    }
  }
  const { containers, volumes } = spec.jobTemplate.spec.template.spec
  const [container] = containers
  const mount = container?.volumeMounts.find(
    ({ name, mountPath }) =>
      mountPath === container.workingDir &&
      volumes.some((one) => one.name === name && one.persistentVolumeClaim),
  )
  return {
    commands: commandsIn([...(container?.command ?? []), ...(container?.args ?? [])].join(' ')),
    crons: [spec.schedule],
    consumed: [],
    kept: spec.concurrencyPolicy === 'Forbid' ? mount?.mountPath : undefined,
  }
}

const files: Readonly<Record<string, (text: string) => Schedule>> = {
  'docs/schedule/cron': cron,
  'docs/schedule/github-actions.yml': github,
  'docs/schedule/gitlab-ci.yml': gitlab,
  'docs/schedule/kubernetes.yml': kubernetes,
  'lib/cli/template/.github/workflows/drift.yml': github,
}

/** @see crontab(5) */
const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const

function isCron(text: string): boolean {
  const fields = text.split(' ')
  return (
    fields.length === ranges.length &&
    ranges.every(([least, most], at) =>
      (fields[at] ?? '').split(',').every((part) => {
        const found = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/[1-9]\d*)?$/.exec(part)
        const [from = least, to = from] = (found?.slice(1) ?? []).flatMap((one) =>
          one === undefined ? [] : [Number(one)],
        )
        return found !== null && from >= least && from <= to && to <= most
      }),
    )
  )
}

t.test('the ready files for schedules do what they are for', async (t) => {
  const folder = await tempFolder(t)
  for (const [path, parse] of Object.entries(files)) {
    const { commands, crons, consumed, kept, env } = parse(read(path))
    t.equal(commands.length, 1, `${path} makes one check`)
    const [playbook = '', ...argv] = commands[0] ?? []
    t.match(playbook, /^(?:\/\S+\/)?playbooks\/site\.ts$/, `${path} names a playbook`)
    const { reports, rest, remediate } = takeDriftFlags(argv)
    const { inventories } = parsePlaybookArgs([...rest, '--check'], env ?? {})
    t.equal(inventories.length, 1, `${path} has an inventory`)
    t.notOk(remediate, `${path} changes nothing`)
    for (const report of reports) reportTo(join(folder, basename(report)))
    for (const file of consumed) t.ok(reports.includes(file), `${path} writes ${file}`)
    t.type(kept, 'string', `${path} keeps the history`)
    for (const one of crons) t.ok(isCron(one), `${path}: ${one}`)
  }
})

t.test('a repository begun with init checks the inventory that its variable names', async (t) => {
  const { commands, env } = github(read('lib/cli/template/.github/workflows/drift.yml'))
  const variables = { HOSTWRIGHT_INVENTORY: 'inventories/production' }
  t.ok(Object.keys(variables).every((name) => name in (env ?? {})))
  const { rest } = takeDriftFlags(commands[0]?.slice(1) ?? [])
  t.same(parsePlaybookArgs(rest, variables).inventories, ['inventories/production'])
})

t.test('isCron() tells the fields that cron takes', async (t) => {
  for (const good of ['17 4 * * *', '*/5 0-6,12 1 1-12/2 0'])
    t.ok(isCron(good), `"${good}" is taken`)
  for (const bad of [
    '17 4 * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '5-1 * * * *',
    'x * * * *',
  ])
    t.notOk(isCron(bad), `"${bad}" is not`)
})
