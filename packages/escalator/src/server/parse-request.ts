import { nameProblem, OnituError } from '@onitu/protocol'
import type { Key } from '../wire/key.ts'
import { unpackWrites, type WriteList } from '../wire/write-list.ts'
import { parseWatch, type WatchRequest } from './parse-watch.ts'

/** Whole keys, in the order of their bytes. */
export interface Bounds {
  readonly gt?: Key
  readonly gte?: Key
  readonly lt?: Key
  readonly lte?: Key
  readonly reverse: boolean
  /** -1: none. */
  readonly limit: number
}

export interface RangeRequest extends Bounds {
  readonly type: 'range'
  readonly keys: boolean
  readonly values: boolean
  /** The range stays open at its end, since its client may move it elsewhere. */
  readonly seekable: boolean
}

export type ReadRequest =
  | { readonly type: 'get' | 'exists'; readonly key: Key }
  | { readonly type: 'getMany' | 'existMany'; readonly keys: readonly Key[] }

export interface BatchRequest {
  readonly type: 'batch'
  readonly writes: WriteList
  readonly conditions: WriteList
  readonly sync: boolean
}

export interface ClearRequest extends Bounds {
  readonly type: 'clear'
  readonly sync: boolean
}

export interface SnapshotRequest {
  readonly type: 'snapshot'
}

/** What one database does in the order in which it is asked. */
export type StoreRequest = ReadRequest | BatchRequest | RangeRequest | ClearRequest | SnapshotRequest

/** What a client asks about a whole database. */
export type InquiryRequest =
  | { readonly type: 'approximateSize' | 'compactRange'; readonly start: Key; readonly stop: Key }
  | { readonly type: 'property'; readonly name: string }

interface InStore<R> {
  readonly type: 'store'
  readonly database: string
  readonly request: R
  /** What a client calls a range or a snapshot that it opens; numbers of one client do not meet another's. */
  readonly id?: number
  /** Read from this snapshot instead of what is stored now. */
  readonly snapshot?: number
}

export type ServerRequest =
  | InStore<StoreRequest | InquiryRequest | WatchRequest>
  | { readonly type: 'open'; readonly database: string; readonly create: boolean; readonly mustBeNew: boolean }
  | { readonly type: 'close'; readonly database: string }
  | { readonly type: 'stats' }
  | { readonly type: 'page' | 'endRange' | 'endSnapshot'; readonly id: number }
  | { readonly type: 'seek'; readonly id: number; readonly target: Key }

/** Checks the body of a request: `[operation, database or number, ...arguments]`. @throws OnituError `PROTOCOL` */
export function parseRequest(body: unknown): ServerRequest {
  if (!Array.isArray(body)) throw wrong('a request as an array', body)
  const [operation, target, first, second, third] = body as readonly unknown[]
  switch (operation) {
    case 'get':
    case 'exists':
      return inStore(target, { type: operation, key: checkKey(first) }, second)
    case 'getMany':
    case 'existMany':
      return inStore(target, { type: operation, keys: checkArray(first).map(checkKey) }, second)
    case 'batch':
      return inStore(target, {
        type: 'batch',
        writes: unpackWrites(checkBytes(first)),
        conditions: unpackWrites(checkBytes(second)),
        sync: third === true,
      })
    case 'range':
      return { ...inStore(target, parseRange(first), third), id: checkId(second) }
    case 'snapshot':
      return { ...inStore(target, { type: 'snapshot' }), id: checkId(first) }
    case 'clear':
      return inStore(target, { type: 'clear', ...parseBounds(first), sync: third === true }, second)
    case 'approximateSize':
    case 'compactRange':
      return inStore(target, { type: operation, start: checkKey(first), stop: checkKey(second) })
    case 'property':
      return inStore(target, { type: 'property', name: checkString(first, 'the name of a property') })
    case 'watch':
      return inStore(target, parseWatch(checkKey(first), second, third))
    case 'open':
      return { type: 'open', database: checkDatabaseName(target), create: first === true, mustBeNew: second === true }
    case 'close':
      return { type: 'close', database: checkDatabaseName(target) }
    case 'stats':
      return { type: 'stats' }
    case 'page':
    case 'endRange':
    case 'endSnapshot':
      return { type: operation, id: checkId(target) }
    case 'seek':
      return { type: 'seek', id: checkId(target), target: checkKey(first) }
    default:
      throw wrong('a known operation', operation)
  }
}

function inStore<R>(database: unknown, request: R, snapshot?: unknown): InStore<R> {
  const name = checkString(database, 'the name of a database')
  if (snapshot === undefined || snapshot === null) return { type: 'store', database: name, request }
  return { type: 'store', database: name, request, snapshot: checkId(snapshot) }
}

function parseRange(value: unknown): RangeRequest {
  const bounds = parseBounds(value)
  const { keys, values, seekable } = value as Partial<Record<keyof RangeRequest, unknown>>
  return { type: 'range', ...bounds, keys: keys !== false, values: values !== false, seekable: seekable === true }
}

function parseBounds(value: unknown): Bounds {
  if (typeof value !== 'object' || value === null) throw wrong('the options of a range', value)
  const { gt, gte, lt, lte, reverse, limit } = value as Partial<Record<keyof Bounds, unknown>>
  return {
    ...(gt === undefined ? {} : { gt: checkKey(gt) }),
    ...(gte === undefined ? {} : { gte: checkKey(gte) }),
    ...(lt === undefined ? {} : { lt: checkKey(lt) }),
    ...(lte === undefined ? {} : { lte: checkKey(lte) }),
    reverse: reverse === true,
    limit: typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0 ? limit : -1,
  }
}

/** A name becomes a directory, so it has to be a plain name. @throws OnituError `INVALID_NAME` */
export function checkDatabaseName(value: unknown): string {
  const name = checkString(value, 'the name of a database')
  const problem = nameProblem(name)
  if (problem === undefined) return name
  throw new OnituError('INVALID_NAME', `The database name ${JSON.stringify(name)} ${problem}`)
}

function checkKey(value: unknown): Key {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  throw wrong('a key as a string or bytes', value)
}

function checkId(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw wrong('the number of a range or snapshot', value)
}

function checkString(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw wrong(`${what} as a string`, value)
}

function checkArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong('an array', value)
}

function checkBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw wrong('bytes', value)
}

function wrong(expected: string, value: unknown): OnituError {
  const got = value === null ? 'null' : Array.isArray(value) ? `an array of ${value.length}` : typeof value
  return new OnituError(
    'PROTOCOL',
    `Expected ${expected}, got ${typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : got}`,
  )
}
