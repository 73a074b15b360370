/** An IPv4 subnet, its first address as a number. */
export interface Subnet {
  readonly first: number
  readonly prefix: number
}

/** Reads `a.b.c.d/n`; nothing for a text that is not one or whose address is not the first. */
export function parseSubnet(text: string): Subnet | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text)
  if (found === null) return undefined
  const bytes = found.slice(1, 5).map(Number)
  const prefix = Number(found[5] ?? 32)
  if (prefix > 32 || bytes.some((byte) => byte > 255)) return undefined
  const first = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return first % size({ first, prefix }) === 0 ? { first, prefix } : undefined
}

/** The address at an offset from the first one, as text. */
export function addressAt(subnet: Subnet, offset: number): string {
  const address = subnet.first + offset
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** How many addresses a subnet has. */
export function size(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix)
}

/** Whether two subnets have an address in common. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first < b.first + size(b) && b.first < a.first + size(a)
}
