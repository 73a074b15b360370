// The examples that boot hosts, or need some: test/build/package.test.ts runs each of them.

/** Programs of their own, for a test runner. */
export const programsOnHosts = ['docs/testing.md#1'] as const
export const labExamples = ['docs/lab.md#3', 'lib/testing/testRole.ts#1'] as const
/** On blank hosts in check mode: test/cluster has them run. */
export const checkedOnHosts = [
  'roles/acme2certifier_django/README.md#1',
  'roles/mariadb_master_master/README.md#1',
] as const
export const onHosts = [...programsOnHosts, ...labExamples, ...checkedOnHosts]
