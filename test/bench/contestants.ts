import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RecapEvent } from '../../lib/report/events.js'
import {
  changedByAnsible,
  endSharedConnections,
  writeAnsiblePlaybook,
  writeAnsibleSettings,
} from './ansible.js'
import { measure, type Finished } from './measure.js'
import { repository } from './repository.js'
import { writeInventory, type Target } from './targets.js'
import { labBase, piecesOf, type Piece, type Work } from './workloads.js'

/** `first`: nothing is there yet; `converged`: nothing is left to do; `check`: the same, only asked. */
export type Mode = 'first' | 'converged' | 'check'

export interface Job {
  readonly work: Work
  readonly mode: Mode
  readonly targets: readonly Target[]
  /** Measures the controller's memory. @default false */
  readonly memory?: boolean
}

/** What one run has taken. */
export interface Took {
  /** The whole process, from its start to its end. */
  readonly seconds: number
  /** User and system, of the controller's processes. */
  readonly cpu: number
  /** Hostwright: messages exchanged with a host after the login; of all hosts the most. */
  readonly roundTrips?: number
  /** Megabytes, where asked for. */
  readonly memory?: number
  /** Changes made, or in check mode planned, on all hosts. */
  readonly changed: number
}

export const contestantNames = ['hostwright', 'ansible', 'mitogen', 'bare', 'login'] as const
export type ContestantName = (typeof contestantNames)[number]

/** What is measured against what, as the page says it. */
export const titles: Readonly<Record<ContestantName, string>> = {
  hostwright: 'Hostwright',
  ansible: 'ansible-core, pipelining and ControlPersist',
  mitogen: 'ansible-core with Mitogen',
  bare: 'a bare ssh2 script: login, merged probes',
  login: 'the same script, login alone',
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** The figures of a process without what it has written. */
function figures({ seconds, cpu, memory }: Finished): Omit<Finished, 'stdout'> {
  return { seconds, cpu, ...(memory !== undefined && { memory }) }
}

/** Does a job with one of them, as a process of its own. */
export async function perform(folder: string, name: ContestantName, job: Job): Promise<Took> {
  switch (name) {
    case 'hostwright':
      return await hostwright(folder, job)
    case 'ansible':
    case 'mitogen':
      return await ansible(join(folder, name), job, name === 'mitogen')
    case 'bare':
      return await bare(folder, job, job.mode === 'check' ? 'check' : 'run')
    case 'login':
      return await bare(folder, job, 'login')
  }
}

/** Takes away what the work has made. */
export async function remove(folder: string, targets: readonly Target[]): Promise<void> {
  await bare(folder, { work: 'w2', mode: 'first', targets }, 'remove')
}

/** The repository's tsx on its playbook: start, type stripping and all. */
async function hostwright(bench: string, { work, mode, targets, memory }: Job): Promise<Took> {
  const { tsx, playbook } = repository(bench)
  const folder = join(bench, `hostwright-${work}-${targets.length}`)
  const inventory = await writeInventory(folder, targets)
  const kept = join(folder, '.hostwright')
  // A first run knows nothing of an earlier one.
  await rm(mode === 'first' ? kept : join(kept, 'runs'), { recursive: true, force: true })
  const check = mode === 'check' ? ['--check'] : []
  const command = [tsx, playbook, '-i', inventory, '-e', `work=${work}`, ...check]
  const finished = await measure(command, { cwd: folder, ...(memory && { memory }) })
  return { ...figures(finished), ...counts(await readRecap(join(kept, 'runs'))) }
}

function counts({ hosts }: RecapEvent): Pick<Took, 'roundTrips' | 'changed'> {
  const all = Object.values(hosts)
  return {
    roundTrips: Math.max(...all.map(({ roundTrips }) => roundTrips)),
    changed: all.reduce((sum, { changed }) => sum + changed, 0),
  }
}

/** W3: the project's own playbook on its lab. */
export async function site(check: boolean): Promise<Took> {
  const root = path('../..')
  const tsx = path('../../node_modules/.bin/tsx')
  const command = [tsx, 'playbooks/site.ts', '-i', 'inventories/lab', ...(check ? ['--check'] : [])]
  const finished = await measure(command, { cwd: root })
  return { ...figures(finished), ...counts(await readRecap(join(root, '.hostwright', 'runs'))) }
}

/** What the newest record of a run says at its end. */
async function readRecap(folder: string): Promise<RecapEvent> {
  const record = (await readdir(folder)).toSorted().at(-1) ?? ''
  const text = await readFile(join(folder, record), 'utf8')
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as RecapEvent
}

async function ansible(
  folder: string,
  { work, mode, targets }: Job,
  withMitogen: boolean,
): Promise<Took> {
  await writeAnsibleSettings(folder, withMitogen)
  const inventory = await writeInventory(folder, targets)
  const playbook = join(folder, `${work}.yml`)
  await writeAnsiblePlaybook(playbook, work)
  const check = mode === 'check' ? ['--check'] : []
  const command = ['ansible-playbook', '-i', inventory, playbook, ...check]
  const env = { ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), LC_ALL: 'C.UTF-8' }
  const finished = await measure(command, { cwd: folder, env })
  await endSharedConnections(folder)
  return { ...figures(finished), changed: changedByAnsible(finished.stdout) }
}

async function bare(
  folder: string,
  { work, targets, memory }: Job,
  mode: 'run' | 'check' | 'login' | 'remove',
): Promise<Took> {
  const hosts = targets.map((target) => ({
    ...target,
    ...(target.base !== labBase && { pieces: piecesOf(work, target.base).map(rendered) }),
  }))
  const job = join(folder, 'bare.json')
  const pieces = piecesOf(work, labBase).map(rendered)
  await writeFile(job, JSON.stringify({ mode, pieces, hosts }))
  const command = [process.execPath, path('bare.mjs'), job]
  const finished = await measure(command, { ...(memory && { memory }) })
  const { changed } = JSON.parse(finished.stdout) as { readonly changed: number }
  return { ...figures(finished), changed }
}

/** By hand one would not use a template engine. */
function rendered(piece: Piece): Piece {
  if (piece.kind !== 'template') return piece
  const { vars, mode } = piece
  const content = `# ${vars.site}\nserver {\n  listen ${vars.listen};\n  root /srv/www/${vars.site};\n}\n`
  return { kind: 'file', path: piece.path, content, mode }
}
