// Looks whether the cluster is still what site.ts says, and tells who is to be told (see docs/drift.md).
import { drift } from '../lib/index.js'

await drift(new URL('site.ts', import.meta.url))
