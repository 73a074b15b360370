export { fakeHost } from './fakeHost.js'
export type {
  FakeCommand,
  FakeFile,
  FakeHost,
  FakeHostOptions,
  FakePeer,
  FakeUnit,
} from './fake-types.js'
export { recordHost } from './recordHost.js'
export type { RecordedAccount, RecordedHost } from './recorded.js'
export { testRole } from './testRole.js'
export type { TestedRole, TestHost, TestRoleOptions } from './types.js'
