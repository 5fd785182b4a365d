/** What every candidate can do, with bytes as values. Each in its own fastest documented way. */
export interface Store {
  get(key: string): Promise<unknown>
  put(key: string, value: Buffer): Promise<unknown>
  /** All of them, atomically. */
  putMany(entries: readonly Entry[]): Promise<unknown>
  /** Reads every key and value, entry by entry. Gives how many. */
  scan(): Promise<number>
  close(): Promise<unknown>
}

export type Entry = readonly [key: string, value: Buffer]

export const candidates = ['escalator', 'many-level', 'redis', 'classic-level'] as const
export type Candidate = (typeof candidates)[number]

/** These have a server process; the other one is used in the process of its only client, as the limit. */
export type Served = Exclude<Candidate, 'classic-level'>
