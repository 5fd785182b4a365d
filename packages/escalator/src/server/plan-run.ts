import { type Key, keyId } from '../wire/key.ts'
import type { Stored, WriteList } from '../wire/write-list.ts'
import type { BatchRequest, ReadRequest } from './parse-request.ts'

/*
 * A run is what one database does in one go: all reads as one getMany, then all writes as one LevelDB batch. Requests
 * keep the order in which they came: a read after a write in the same run sees that write, before it is on disk, and
 * is answered only when it is.
 */

export type RunRequest = ReadRequest | BatchRequest

/** What is done between the writes before it and those behind it. */
export interface Barrier {
  /** `opens` takes a snapshot and holds nothing up, `alone` is waited for. */
  readonly type: 'opens' | 'alone'
  readonly begin: () => unknown
}

export interface Outcome {
  readonly body: unknown
  /** The answer depends on the writes of this run, so it waits for them and fails with them. */
  readonly afterWrite: boolean
}

export interface RunPlan {
  /** In order, for a key may be written more than once. */
  readonly writes: readonly WriteList[]
  /** One fsync for all, when any of them asked for it. */
  readonly sync: boolean
  /** One for each request, in order. */
  readonly outcomes: readonly Outcome[]
}

/** What is stored when the run begins, by `keyId`; a key that is missing is absent. */
export type StoredValues = ReadonlyMap<string, Uint8Array>

/** How much makes one run. */
export interface RunLimits {
  /** Bytes written, about. */
  readonly weight: number
  /** Does not hold for writes that wait for an fsync: all that are there share one. */
  readonly requests: number
}

/**
 * How many requests from the head of the queue make the next run. What opens a snapshot ends it when a write comes
 * before it: it has to hold that write, and nothing that came later. What goes alone is a run of its own.
 */
export function runLength(queue: readonly { readonly request: RunRequest | Barrier }[], limits: RunLimits): number {
  let weight = 0
  let writes = false
  let sync = false
  for (const [index, { request }] of queue.entries()) {
    if (request.type === 'alone') return Math.max(1, index)
    if (writes && request.type === 'opens') return index
    if (weight > limits.weight || (index >= limits.requests && !sync)) return index
    if (request.type === 'batch') {
      writes = true
      sync ||= request.sync
    }
    weight += weightOf(request)
  }
  return queue.length
}

/**
 * How many requests from the head of the queue can be written behind a write that is not over yet, `ahead` others being
 * there already: those that neither read nor depend on what is stored.
 */
export function aheadLength(
  queue: readonly { readonly request: RunRequest | Barrier }[],
  ahead: RunLimits,
  limits: RunLimits,
): number {
  let { weight } = ahead
  for (const [index, { request }] of queue.entries()) {
    if (request.type !== 'batch' || request.conditions.keys.length > 0) return index
    if (weight > limits.weight || (ahead.requests + index >= limits.requests && !request.sync)) return index
    weight += weightOf(request)
  }
  return queue.length
}

/** The keys whose stored values the plan needs, each once. */
export function keysToRead(requests: readonly RunRequest[]): Map<string, Key> {
  const keys = new Map<string, Key>()
  const add = (key: Key) => keys.set(keyId(key), key)
  for (const request of requests) {
    if (request.type === 'batch') request.conditions.keys.forEach(add)
    else if ('keys' in request) request.keys.forEach(add)
    else add(request.key)
  }
  return keys
}

export function planRun(requests: readonly RunRequest[], stored: StoredValues): RunPlan {
  const writes: WriteList[] = []
  // Without a read or condition nobody looks at what is written before it is stored.
  const overlay = requests.some(looks) ? new Map<string, Stored>() : undefined
  const look = (key: Key) => current(keyId(key), overlay, stored)
  let sync = false
  const outcomes = requests.map((request): Outcome => {
    if (request.type !== 'batch') return planRead(request, overlay, look)
    const failed = failedCondition(request.conditions, look)
    if (failed !== -1) return { body: failed, afterWrite: writes.length > 0 }
    writes.push(request.writes)
    if (overlay !== undefined) lay(request.writes, overlay)
    sync ||= request.sync
    return { body: null, afterWrite: true }
  })
  return { writes, sync, outcomes }
}

function looks(request: RunRequest): boolean {
  return request.type !== 'batch' || request.conditions.keys.length > 0
}

function lay({ keys, values }: WriteList, overlay: Map<string, Stored>): void {
  for (const [index, key] of keys.entries()) overlay.set(keyId(key), values[index] ?? null)
}

function planRead(
  request: ReadRequest,
  overlay: ReadonlyMap<string, Stored> | undefined,
  look: (key: Key) => Stored,
): Outcome {
  const written = (key: Key) => overlay !== undefined && overlay.size > 0 && overlay.has(keyId(key))
  if ('keys' in request)
    return { body: answerMany(request.type, request.keys.map(look)), afterWrite: request.keys.some(written) }
  const value = look(request.key)
  return { body: request.type === 'get' ? value : value !== null, afterWrite: written(request.key) }
}

/** What a read of many keys is answered with. */
export function answerMany(type: 'getMany' | 'existMany', values: readonly (Stored | undefined)[]): unknown[] {
  return type === 'getMany' ? values.map((value) => value ?? null) : values.map((value) => (value ?? null) !== null)
}

/** The index of the first condition that does not hold, -1 when all do. */
function failedCondition({ keys, values }: WriteList, look: (key: Key) => Stored): number {
  return keys.findIndex((key, index) => !sameBytes(look(key), values[index] ?? null))
}

function current(id: string, overlay: ReadonlyMap<string, Stored> | undefined, stored: StoredValues): Stored {
  const written = overlay?.get(id)
  return written === undefined ? (stored.get(id) ?? null) : written
}

function sameBytes(left: Stored, right: Stored): boolean {
  if (left === null || right === null) return left === right
  return Buffer.compare(left, right) === 0
}

function weightOf(request: RunRequest | Barrier): number {
  if (request.type !== 'batch') return 'keys' in request ? request.keys.length * 64 : 64
  let weight = 64
  for (const key of request.writes.keys) weight += key.length
  for (const value of request.writes.values) weight += value?.byteLength ?? 0
  return weight
}
