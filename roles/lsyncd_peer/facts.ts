import { fact } from '../../lib/index.js'
import type { HostKey } from '../../lib/internal.js'

/** What a node tells the others. */
export interface LsyncdNode {
  /** The line of its public key. */
  readonly publicKey: string
  /** The keys that its sshd shows. */
  readonly hostKeys: readonly HostKey[]
  /** From which it connects. */
  readonly addresses: readonly string[]
  /** Whether its folder has had all that the others have. */
  readonly seeded: boolean
  /** Whether its folder holds nothing. */
  readonly empty: boolean
}

export const lsyncdNode = fact<LsyncdNode>('lsyncd_peer.node')

/** Whether a node can be fetched from: it knows the others' keys and is itself seeded. */
export const lsyncdSource = fact<boolean>('lsyncd_peer.source')
