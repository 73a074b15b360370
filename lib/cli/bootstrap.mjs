// Makes a fresh machine ready and runs the playbook on the lab: `npm run lab`. It runs before the
// dependencies are installed, so it uses nothing but Node.
// usage: node lib/cli/bootstrap.mjs [--only-install [FILE] | OPTION...]
//   --only-install  install the Debian packages that the lab needs, and those that FILE lists, and do
//                   nothing else
//   OPTION...       passed on to playbooks/site.ts
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const options = process.argv.slice(2)
const onlyInstall = options[0] === '--only-install'

checkMachine()
installPackages()
if (!onlyInstall) {
  installDependencies()
  const playbook = ['playbooks/site.ts', '-i', 'inventories/lab', ...options]
  process.exitCode = run('npx', ['tsx', ...playbook])
}

/** Ends with what is missing and what to do, before anything is touched. */
function checkMachine() {
  if (process.platform !== 'linux')
    stop(`this system is "${process.platform}"`, 'Run it on a machine with Debian 12')
  if (!existsSync('/etc/debian_version'))
    stop('this Linux is not Debian', 'Run it on a machine with Debian 12')
  if (process.getuid() !== 0) stop('this user is not root', 'Run it as root: sudo npm run lab')
  if (!onlyInstall && !hasOverlay())
    stop('the kernel has no overlay file system', 'Use a kernel that has it')
}

function hasOverlay() {
  spawnSync('modprobe', ['overlay'])
  return /\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))
}

function installPackages() {
  const files = [new URL('../lab/requirements.json', import.meta.url)]
  if (!onlyInstall) files.push(new URL('../../playbooks/requirements.json', import.meta.url))
  else if (options[1] !== undefined) files.push(options[1])
  const requirements = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')))
  const names = [...new Set(requirements.map((one) => one.package))]
  const missing = names.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  console.log(`Installing the Debian packages that are needed: ${missing.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-qq', '--no-install-recommends', ...missing]
  for (const args of [['update', '-qq'], install])
    if (run('apt-get', ['-y', ...args], env) !== 0)
      stop(`apt-get ${args.join(' ')} failed`, 'Look at what apt-get said above')
}

function isInstalled(name) {
  const query = ['-W', '-f', '${db:Status-Status}', name]
  return spawnSync('dpkg-query', query, { encoding: 'utf8' }).stdout === 'installed'
}

/** npm notes in node_modules what it has installed there. */
function installDependencies() {
  const noted = `${root}/node_modules/.package-lock.json`
  if (existsSync(noted) && !isStale(noted)) return
  console.log('Installing the dependencies: npm ci')
  if (run('npm', ['ci', '--no-fund', '--no-audit']) !== 0)
    stop('npm ci failed', 'Look at what npm said above')
}

function isStale(noted) {
  const installed = readPackages(noted)
  return Object.entries(readPackages(`${root}/package-lock.json`)).some(
    ([path, wanted]) =>
      path !== '' && !wanted.optional && installed[path]?.version !== wanted.version,
  )
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' })
  if (error !== undefined) stop(`${command} cannot be started`, error.message)
  return status ?? 1
}

function stop(what, hint) {
  console.error(`Cannot run the lab: ${what}\n  ${hint}`)
  process.exit(1)
}
