import type { ServiceKind } from './storage.ts'

export interface SimulatedRule {
  /** A prefix of `/PATH`. */
  readonly match: { readonly path: string }
  readonly sync?: readonly string[]
  readonly ban?: readonly string[]
}

/** What the setup of a simulated hub says, as it is written there. */
export interface Setup {
  readonly services: Readonly<Record<string, ServiceKind>>
  readonly folder: Readonly<Record<string, unknown>>
  readonly rules: readonly SimulatedRule[] | undefined
  /** Users are often at the very files that an order is at. */
  readonly meddles: boolean
}

/** Whether the rules send a path to a service: said once more here, so that a fault in the rules does not hide itself. */
export function isNamed({ rules }: Setup, service: string, path: string): boolean {
  if (rules === undefined) return true
  const matching = rules.filter(({ match }) => `/${path}`.startsWith(match.path))
  if (matching.some(({ ban = [] }) => ban.includes(service))) return false
  return matching.some(({ sync = [] }) => sync.includes(service))
}

/** Whether the options of the folder let a path and size into the hub. */
export function isLetIn({ folder }: Setup, path: string, size: number): boolean {
  if (folder.blacklist !== undefined && path.startsWith('b/')) return false
  return folder.file_size === undefined || size <= 150
}
