export { fakeHost } from './fakeHost.js'
export type { FakeFile, FakeHost, FakeHostOptions, FakePeer, FakeUnit } from './fake-types.js'
export { testRole } from './testRole.js'
export type { TestedRole, TestHost, TestRoleOptions } from './types.js'
