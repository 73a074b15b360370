import { run } from './run.js'

/** Runs a command whose mounts and processes end with it, however it ends. */
export async function inNamespace(
  command: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<string> {
  const flags = ['--mount', '--pid', '--fork', '--kill-child']
  return await run('unshare', [...flags, '--', ...command], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    onLine,
  })
}

/**
 * Runs a shell's script in a root file system that does not run, with some folders of this machine
 * mounted in it.
 */
export async function inRoot(
  root: string,
  script: string,
  mounts: Readonly<Record<string, string>> = {},
  onLine?: (line: string) => void,
): Promise<string> {
  const outer = `set -e
root=$1 script=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ $# -gt 0 ]; do mount --bind "$1" "$root$2"; shift 2; done
exec chroot "$root" sh -ec "$script"`
  const pairs = Object.entries(mounts).flat()
  return await inNamespace(['sh', '-c', outer, 'inRoot', root, script, ...pairs], onLine)
}
