export { account, type Account } from './account.js'
export type { Address } from './addresses.js'
export { content } from './content.js'
export { groupEntry, type GroupEntry } from './groupEntry.js'
export { hostKeys, type HostKey } from './hostKeys.js'
export { identity, type Identity } from './identity.js'
export { packageFile, type PackageFileState } from './packageFile.js'
export { packageSet, type PackageSet } from './packageSet.js'
export {
  packageCandidate,
  packageState,
  type PackageCandidate,
  type PackageState,
} from './packages.js'
export { packageUpdates, type PackageUpdate, type PackageUpdates } from './packageUpdates.js'
export { seboolean, type SebooleanState } from './seboolean.js'
export { sefcontext, type SefcontextKey, type SefcontextState } from './sefcontext.js'
export { selinux, type SelinuxFacts } from './selinux.js'
export { selinuxModule, type SelinuxModuleState } from './selinuxModule.js'
export { seport, type SeportKey, type SeportState } from './seport.js'
export { sha256 } from './sha256.js'
export { shell, type ShellAnswer } from './shell.js'
export { stat, type Entry, type Stat } from './stat.js'
export { system, type SystemFacts } from './system.js'
export { tcp, type TcpKey, type TcpState } from './tcp.js'
export { unitState, type UnitState } from './unitState.js'
