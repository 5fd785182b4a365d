import type { BatchRequest, ReadRequest, Stored, StoreRequest } from './parse-request.ts'

/*
 * A run is what one database does in one go: all reads as one getMany, then all writes as one LevelDB batch. Requests
 * keep the order in which they came: a read after a write in the same run sees that write, before it is on disk, and
 * is answered only when it is.
 */

export type RunRequest = ReadRequest | BatchRequest

export interface Outcome {
  readonly body: unknown
  /** The answer depends on the writes of this run, so it waits for them and fails with them. */
  readonly afterWrite: boolean
}

export interface RunPlan {
  /** The last write of each key. */
  readonly writes: ReadonlyMap<string, Stored>
  /** One fsync for all, when any of them asked for it. */
  readonly sync: boolean
  /** One for each request, in order. */
  readonly outcomes: readonly Outcome[]
}

/**
 * How many requests from the head of the queue make the next run. A range ends it when a write comes before it: its
 * snapshot has to hold that write, and nothing that came later.
 */
export function runLength(queue: readonly StoreRequest[], maxWeight: number): number {
  let weight = 0
  let writes = false
  for (const [index, request] of queue.entries()) {
    if (request.type === 'range' && writes) return index
    if (weight > maxWeight) return index
    if (request.type === 'batch') writes = true
    weight += weightOf(request)
  }
  return queue.length
}

/** The keys whose stored values the plan needs. */
export function keysToRead(requests: readonly RunRequest[]): string[] {
  const keys = new Set<string>()
  for (const request of requests) {
    if (request.type === 'batch') for (const [key] of request.conditions) keys.add(key)
    else if (request.type === 'getMany') for (const key of request.keys) keys.add(key)
    else keys.add(request.key)
  }
  return [...keys]
}

export function planRun(requests: readonly RunRequest[], stored: ReadonlyMap<string, Uint8Array>): RunPlan {
  const writes = new Map<string, Stored>()
  let sync = false
  const outcomes = requests.map((request): Outcome => {
    if (request.type !== 'batch') return planRead(request, writes, stored)
    const failed = failedCondition(request, writes, stored)
    if (failed !== -1) return { body: failed, afterWrite: writes.size > 0 }
    for (const [key, value] of request.writes) writes.set(key, value)
    sync ||= request.sync
    return { body: null, afterWrite: true }
  })
  return { writes, sync, outcomes }
}

function planRead(
  request: ReadRequest,
  writes: ReadonlyMap<string, Stored>,
  stored: ReadonlyMap<string, Uint8Array>,
): Outcome {
  const look = (key: string) => current(key, writes, stored)
  switch (request.type) {
    case 'get':
      return { body: look(request.key), afterWrite: writes.has(request.key) }
    case 'exists':
      return { body: look(request.key) !== null, afterWrite: writes.has(request.key) }
    case 'getMany':
      return { body: request.keys.map(look), afterWrite: request.keys.some((key) => writes.has(key)) }
  }
}

/** The index of the first condition that does not hold, -1 when all do. */
function failedCondition(
  request: BatchRequest,
  writes: ReadonlyMap<string, Stored>,
  stored: ReadonlyMap<string, Uint8Array>,
): number {
  return request.conditions.findIndex(([key, expected]) => !sameBytes(current(key, writes, stored), expected))
}

function current(key: string, writes: ReadonlyMap<string, Stored>, stored: ReadonlyMap<string, Uint8Array>): Stored {
  const written = writes.get(key)
  return written === undefined ? (stored.get(key) ?? null) : written
}

function sameBytes(left: Stored, right: Stored): boolean {
  if (left === null || right === null) return left === right
  return Buffer.compare(left, right) === 0
}

function weightOf(request: StoreRequest): number {
  if (request.type !== 'batch') return request.type === 'getMany' ? request.keys.length * 64 : 64
  let weight = 64
  for (const [key, value] of request.writes) weight += key.length + (value?.byteLength ?? 0)
  return weight
}
