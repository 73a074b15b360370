/** What playbooks that are run have no use for; in a file of its own as import-url.ts is. */
export const loadDriftCheck = async () => await import('./drift-check.js')
