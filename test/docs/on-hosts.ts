// The examples that boot hosts, or need some: test/build/package.test.ts runs each of them.

/** Programs of their own, for a test runner. */
export const programsOnHosts = ['docs/testing.md#1'] as const
export const labExamples = ['docs/lab.md#3', 'lib/testing/testRole.ts#1'] as const
/** Playbooks that make blank hosts a cluster, the second on what the first has built. */
export const clusterPlaybooks = [
  'roles/mariadb_master_master/README.md#1',
  'roles/acme2certifier_django/README.md#1',
] as const
/** What looks at that cluster. */
export const clusterChecks = [
  'roles/mariadb_master_master/verify.ts#1',
  'roles/lsyncd_peer/verify.ts#1',
  'roles/acme2certifier_django/verify.ts#1',
] as const
export const onHosts = [...programsOnHosts, ...labExamples, ...clusterPlaybooks, ...clusterChecks]
