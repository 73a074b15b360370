export { playbook, type PlaybookContext } from './cli/playbook.js'
export { drift, type DriftOptions } from './cli/drift.js'
export type { PlayFunction, PlayOptions } from './play/play.js'
export { check, type Check, type CheckOptions } from './play/check.js'
export { requireChecks } from './play/requireChecks.js'
export { role, type Role, type RoleDefinition } from './play/role.js'
export { secretParam } from './core/schema.js'
export { handler, type Host, type Peer, type Result } from './host/index.js'
export type { CommandOptions, CommandResult, RemoteShell } from './host/index.js'
export { fact, type Fact } from './facts/fact.js'
export { secret, Secret } from './core/secret.js'
export { HostwrightError, errorCodes, type ErrorCode } from './core/errors.js'
export { quote } from './core/quote.js'
export type { Inventory, InventoryData, InventoryHost, InventorySource } from './inventory/types.js'
export * from './resources/index.js'
export { probeKind, resourceType } from './resources/define.js'
export type {
  Ask,
  Effects,
  Plan,
  ProbeKind,
  Query,
  Resource,
  ResourceType,
  Step,
} from './resources/types.js'
