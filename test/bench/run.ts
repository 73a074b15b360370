// Measures Hostwright and what else does its job, and writes the tables and plots of
// docs/performance.md from what it has measured.
// usage: npm run bench -- [PART...] [--runs 5] [--hosts 50] [--simulated 1000] [--budget 60] [--slow] [--keep]
//   PART     start w1 w2 fleet resources processes latency simulated w3; left out: all but w3;
//            page: only writes the page anew
//   --runs   how often each contestant runs at most; the medians are shown
//   --budget seconds after which a contestant gets no more runs of a job
//   --slow   lets Ansible do W1 on ten hosts too
//   --keep   leaves the lab up
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hasMitogen } from './ansible.js'
import { benchLab, raiseInotifyLimit, readyTargets } from './lab.js'
import { loadNow, machine } from './machine.js'
import { writePage } from './page.js'
import { parts } from './parts.js'
import { makeRepository } from './repository.js'
import { keepPart, partNames, type PartName } from './results.js'
import type { Target } from './targets.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    hosts: { type: 'string', default: '50' },
    simulated: { type: 'string', default: '1000' },
    budget: { type: 'string', default: '60' },
    slow: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const wanted = positionals.length > 0 ? positionals : partNames.filter((name) => name !== 'w3')
const unknown = wanted.find((name) => name !== 'page' && !isPart(name))
if (unknown !== undefined) throw new Error(`There is no part "${unknown}"`)
const names = wanted.filter(isPart)

/** Parts without hosts of the lab; its hosts are down while the simulated ones are measured. */
const withoutLab: readonly PartName[] = ['start', 'simulated', 'w3']
const onLab = names.filter((name) => !withoutLab.includes(name))
const started = Date.now()
const tell = (line: string): void => {
  console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}`)
}

if (names.length > 0) await measureAll()
await writePage()

async function measureAll(): Promise<void> {
  if (onLab.length > 0) installPeers()
  const about = machine()
  for (const [name, value] of Object.entries(about)) console.log(`${name}: ${value}`)
  const folder = await mkdtemp(join(tmpdir(), 'hostwright-bench-'))
  // The users of simulated hosts reach their homes through it.
  await chmod(folder, 0o711)
  const lab = benchLab(Number(values.hosts))
  const bench = {
    runs: Number(values.runs),
    budget: Number(values.budget),
    simulated: Number(values.simulated),
    slow: values.slow,
    folder,
    lab,
    tell,
  }
  const take = async (name: PartName, targets: readonly Target[]): Promise<void> => {
    const before = await loadNow()
    const percent = (before.busy * 100).toFixed(0)
    tell(`part ${name}: load ${before.load.toFixed(2)}, ${percent} % of the processors busy`)
    const date = new Date().toISOString().slice(0, 16)
    keepPart(about, name, { date, ...before, ...(await parts[name]({ ...bench, targets })) })
  }
  try {
    tell('packing the package, and installing it as a user would')
    await makeRepository(folder)
    if (names.includes('start')) await take('start', [])
    if (onLab.length > 0) {
      const lower = raiseInotifyLimit(tell)
      try {
        const targets = await readyTargets(lab, folder, tell)
        for (const name of onLab) await take(name, targets)
      } finally {
        lower()
        if (!values.keep) await lab.down()
      }
    }
    for (const name of names.filter((one) => one === 'simulated' || one === 'w3'))
      await take(name, [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The peers come from Debian's packages. */
function installPeers(): void {
  if (hasMitogen()) return
  const command = ['apt-get', 'install', '-y', '--no-install-recommends']
  const packages = ['ansible-core', 'ansible-mitogen']
  console.log(`Installing what is measured against: ${[...command, ...packages].join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const [program = '', ...args] = [...command, ...packages]
  const { status } = spawnSync(program, args, { env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`apt-get ended with ${status}`)
}

function isPart(name: string): name is PartName {
  return (partNames as readonly string[]).includes(name)
}
