// What the package's own roles use besides lib/index.ts. It is no part of the public interface.
export type { Change } from './report/events.js'
export {
  covers,
  domainsOf,
  formatGtids,
  parseGtids,
  sequenceIn,
  type Gtid,
} from './resources/mariadb/gtid.js'
export { hasDiverged } from './resources/mariadb/replication-failure.js'
export { sqlText } from './resources/mariadb/sql.js'
export { packageFileType } from './resources/packageFile.js'
export { isAbsent, pathOf } from './resources/paths.js'
export { content } from './resources/probes/content.js'
export type { HostKey } from './resources/probes/hostKeys.js'
export { shell, type ShellAnswer } from './resources/probes/shell.js'
export { stat } from './resources/probes/stat.js'
export { unitState } from './resources/probes/unitState.js'
export { supposing } from './resources/supposing.js'
export { Unknown } from './resources/types.js'
