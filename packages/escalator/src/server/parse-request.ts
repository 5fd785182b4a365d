import { nameProblem, OnituError } from '@onitu/protocol'

/** Null: absent, or to be deleted. */
export type Stored = Uint8Array | null

/** Bounds are whole keys in the order of their UTF-8 bytes. */
export interface RangeRequest {
  readonly type: 'range'
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
  readonly lte?: string
  readonly reverse: boolean
  readonly limit: number
  readonly keys: boolean
  readonly values: boolean
}

export type ReadRequest =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'getMany'; readonly keys: readonly string[] }
  | { readonly type: 'exists'; readonly key: string }

export interface BatchRequest {
  readonly type: 'batch'
  readonly writes: readonly (readonly [key: string, value: Stored])[]
  readonly conditions: readonly (readonly [key: string, value: Stored])[]
  readonly sync: boolean
}

/** What one database does. */
export type StoreRequest = ReadRequest | BatchRequest | RangeRequest

export type ServerRequest =
  | { readonly type: 'store'; readonly database: string; readonly request: StoreRequest }
  | { readonly type: 'open'; readonly database: string; readonly create: boolean; readonly mustBeNew: boolean }
  | { readonly type: 'close'; readonly database: string }
  | { readonly type: 'page' | 'endRange'; readonly cursor: number }

/** Checks the body of a request: `[operation, database or cursor, ...arguments]`. @throws OnituError `PROTOCOL` */
export function parseRequest(body: unknown): ServerRequest {
  if (!Array.isArray(body)) throw wrong('a request as an array', body)
  const [operation, target, first, second, third] = body as readonly unknown[]
  switch (operation) {
    case 'get':
    case 'exists':
      return toStore(target, { type: operation, key: checkString(first, 'a key') })
    case 'getMany':
      return toStore(target, { type: 'getMany', keys: checkArray(first).map((key) => checkString(key, 'a key')) })
    case 'batch':
      return toStore(target, {
        type: 'batch',
        writes: parsePairs(first),
        conditions: parsePairs(second),
        sync: third === true,
      })
    case 'range':
      return toStore(target, parseRange(first))
    case 'open':
      return { type: 'open', database: checkDatabaseName(target), create: first === true, mustBeNew: second === true }
    case 'close':
      return { type: 'close', database: checkDatabaseName(target) }
    case 'page':
    case 'endRange':
      if (typeof target !== 'number') throw wrong('the number of a cursor', target)
      return { type: operation, cursor: target }
    default:
      throw wrong('a known operation', operation)
  }
}

function toStore(database: unknown, request: StoreRequest): ServerRequest {
  return { type: 'store', database: checkString(database, 'the name of a database'), request }
}

/** `[key, value, key, value…]`, a value being bytes or null. */
function parsePairs(value: unknown): (readonly [string, Stored])[] {
  const flat = checkArray(value)
  if (flat.length % 2 !== 0) throw wrong('keys and values in turn', flat)
  const pairs: (readonly [string, Stored])[] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push([checkString(flat[at], 'a key'), checkStored(flat[at + 1])])
  return pairs
}

function parseRange(value: unknown): RangeRequest {
  if (typeof value !== 'object' || value === null) throw wrong('the options of a range', value)
  const { gt, gte, lt, lte, reverse, limit, keys, values } = value as Partial<Record<keyof RangeRequest, unknown>>
  return {
    type: 'range',
    ...(gt === undefined ? {} : { gt: checkString(gt, 'a bound') }),
    ...(gte === undefined ? {} : { gte: checkString(gte, 'a bound') }),
    ...(lt === undefined ? {} : { lt: checkString(lt, 'a bound') }),
    ...(lte === undefined ? {} : { lte: checkString(lte, 'a bound') }),
    reverse: reverse === true,
    limit: typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0 ? limit : -1,
    keys: keys !== false,
    values: values !== false,
  }
}

/** A name becomes a directory, so it has to be a plain name. @throws OnituError `INVALID_NAME` */
export function checkDatabaseName(value: unknown): string {
  const name = checkString(value, 'the name of a database')
  const problem = nameProblem(name)
  if (problem === undefined) return name
  throw new OnituError('INVALID_NAME', `The database name ${JSON.stringify(name)} ${problem}`)
}

function checkString(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw wrong(`${what} as a string`, value)
}

function checkArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong('an array', value)
}

function checkStored(value: unknown): Stored {
  if (value === null || value instanceof Uint8Array) return value
  throw wrong('a value as bytes, or null', value)
}

function wrong(expected: string, value: unknown): OnituError {
  const got = value === null ? 'null' : Array.isArray(value) ? `an array of ${value.length}` : typeof value
  return new OnituError(
    'PROTOCOL',
    `Expected ${expected}, got ${typeof value === 'string' ? JSON.stringify(value.slice(0, 50)) : got}`,
  )
}
