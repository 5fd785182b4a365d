import {
  type Condition,
  ConditionFailedError,
  type Database,
  type Key,
  KeyNotFoundError,
  type Operation,
  OutcomeUnknownError,
  RangeInterruptedError,
  type RangeOptions,
  RequestTimeoutError,
} from '@onitu/escalator'
import { decode, encode } from '@onitu/protocol'
import type { Owner, Scheduler } from './scheduler.ts'

export type Values = Map<string, Uint8Array>

/** What the clients of one session share. It outlives all of them. */
export interface Store {
  readonly values: Values
  /** Batches that were applied. */
  writes: number
  /** 0..1: how many calls fail in one way or another. */
  faults: number
}

export interface DatabaseHooks {
  /** May change, divide or drop what a client writes: for deliberate faults. */
  readonly onBatch?: (
    owner: Owner,
    operations: readonly Operation<Key>[],
    conditions: readonly Condition<Key>[],
  ) => { operations: readonly Operation<Key>[]; conditions: readonly Condition<Key>[] }
}

interface Request {
  readonly label: string
  readonly isWrite: boolean
  readonly apply: () => unknown
  /** Undefined once the client has given up: it may still take effect. */
  answer: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void } | undefined
}

export function createStore(): Store {
  return { values: new Map(), writes: 0, faults: 0 }
}

/**
 * The part of `Database` that Referee and Plug use. Calls of one client take effect in order, whenever the scheduler lets them;
 * answers come in any order, or never.
 */
export class SimulatedDatabase {
  readonly #scheduler: Scheduler
  readonly #owner: Owner
  readonly #store: Store
  readonly #hooks: DatabaseHooks
  #requests: Request[] = []

  constructor(scheduler: Scheduler, owner: Owner, store: Store, hooks: DatabaseHooks = {}) {
    this.#scheduler = scheduler
    this.#owner = owner
    this.#store = store
    this.#hooks = hooks
  }

  /** As the interface, of which the rest is not used by the engine. */
  get database(): Database {
    return this as unknown as Database
  }

  async get(key: string, options?: { readonly default?: unknown }): Promise<unknown> {
    const [value] = await this.getMany([key])
    if (value !== undefined) return value
    if (options === undefined || !('default' in options)) throw new KeyNotFoundError(key)
    return options.default
  }

  getMany(keys: readonly string[], options: { readonly raw?: boolean } = {}): Promise<unknown[]> {
    return this.#request(`get ${shorten(keys)}`, false, () =>
      keys.map((key) => decoded(this.#store.values.get(key), options.raw)),
    )
  }

  put(key: string, value: unknown): Promise<void> {
    return this.batch([{ type: 'put', key, value }])
  }

  delete(key: string): Promise<void> {
    return this.batch([{ type: 'delete', key }])
  }

  batch(
    operations: readonly Operation<Key>[],
    { conditions = [] }: { readonly conditions?: readonly Condition<Key>[] } = {},
  ): Promise<void> {
    // Encoded when the call is made: whoever changes its objects afterwards changes nothing here.
    const hooked = this.#hooks.onBatch?.(this.#owner, operations, conditions) ?? { operations, conditions }
    const writes = hooked.operations.map((one) => ({
      key: String(one.key),
      value: one.type === 'put' ? encode(one.value) : undefined,
    }))
    const label = `write ${shorten(writes.map(({ key, value }) => (value === undefined ? `-${key}` : key)))}`
    return this.#request(label, true, () => {
      checkConditions(this.#store.values, hooked.conditions)
      for (const { key, value } of writes) {
        if (value === undefined) this.#store.values.delete(key)
        else this.#store.values.set(key, value)
      }
      if (writes.length > 0) this.#store.writes += 1
    })
  }

  range(options: RangeOptions = {}) {
    return this.#sequence(options, (key, value) => [key, decoded(value, options.raw)])
  }

  keys(options: RangeOptions = {}) {
    return this.#sequence(options, (key) => key)
  }

  values(options: RangeOptions = {}) {
    return this.#sequence(options, (_key, value) => decoded(value, options.raw))
  }

  prefixed(): never {
    throw new Error('The engine does not use a part of the database')
  }

  /** The connection is lost: each call that is not answered yet fails. */
  disconnect(): void {
    for (const request of this.#requests) {
      if (request.answer === undefined) continue
      if (this.#scheduler.random.chance(0.5)) this.#apply(request)
      request.answer?.reject(failureOf(request, true))
      request.answer = undefined
    }
    this.#requests = []
  }

  #sequence<T>(options: RangeOptions, pick: (key: string, value: Uint8Array) => T) {
    const read = () =>
      this.#request(`range ${String(options.prefix ?? '')}`, false, () =>
        entriesOf(this.#store.values, options).map(([key, value]) => pick(key, value)),
      )
    const interrupted = () => {
      const isOver = this.#roll(0.3)
      if (isOver) this.#scheduler.count('a range is interrupted')
      return isOver
    }
    return {
      all: read,
      async *[Symbol.asyncIterator]() {
        for (const entry of await read()) {
          if (interrupted()) throw new RangeInterruptedError(new Error('simulated'))
          yield entry
        }
      },
    }
  }

  #roll(share: number): boolean {
    const { faults } = this.#store
    return faults > 0 && this.#scheduler.random.chance(faults * share)
  }

  #request<T>(label: string, isWrite: boolean, apply: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const answer = { resolve: (value: unknown) => resolve(value as T), reject }
      this.#requests.push({ label, isWrite, apply, answer })
      this.#postNext()
    })
  }

  #postNext(): void {
    const { name } = this.#owner
    this.#scheduler.post(
      this.#owner,
      `${name} db`,
      () => this.#next(),
      () => this.#orphan(),
    )
  }

  #next(): void {
    const request = this.#requests[0]
    if (request === undefined) return
    this.#scheduler.note(`${this.#owner.name} ${request.label}`)
    if (request.answer !== undefined && this.#roll(1)) this.#fail(request)
    else {
      this.#requests.shift()
      this.#settle(request)
    }
  }

  #settle(request: Request): void {
    const { answer } = request
    if (answer === undefined) {
      this.#apply(request)
      return
    }
    const { random } = this.#scheduler
    try {
      const value = request.apply()
      if (random.chance(0.8)) answer.resolve(value)
      else
        this.#scheduler.post(this.#owner, `${this.#owner.name} hears of ${request.label}`, () => answer.resolve(value))
    } catch (error) {
      answer.reject(error)
    }
  }

  #fail(request: Request): void {
    const { answer } = request
    request.answer = undefined
    const how = this.#scheduler.random.below(4)
    this.#scheduler.note(`  fails (${how})`)
    const kinds = [
      'a request to the database is lost',
      'the answer of the database is lost',
      'a request to the database is lost',
      'a write is applied after its client gave up',
    ] as const
    const kind = kinds[how]
    if (kind !== undefined) this.#scheduler.count(kind)
    if (how === 3) {
      // It reached the server and waits there.
      this.#postNext()
      answer?.reject(failureOf(request, true))
      return
    }
    this.#requests.shift()
    if (how === 1) this.#apply(request)
    answer?.reject(failureOf(request, how > 0))
  }

  #orphan(): void {
    const request = this.#requests.shift()
    if (request === undefined) return
    if (request.isWrite) this.#scheduler.count('what a killed process had asked for is done')
    this.#apply(request)
  }

  #apply(request: Request): void {
    if (!request.isWrite) return
    try {
      request.apply()
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error
    }
  }
}

function failureOf({ isWrite }: Request, sent: boolean): Error {
  return isWrite && sent
    ? new OutcomeUnknownError(new Error('simulated'))
    : new RequestTimeoutError('simulated', 10_000, sent)
}

function decoded(value: Uint8Array | undefined, raw: boolean | undefined): unknown {
  if (value === undefined || raw === true) return value
  return decode(value)
}

function checkConditions(values: Values, conditions: readonly Condition<Key>[]): void {
  for (const [index, condition] of conditions.entries()) {
    const value = values.get(String(condition.key))
    const expected = 'absent' in condition ? undefined : bytesOf(condition)
    const holds =
      value === undefined || expected === undefined ? value === expected : Buffer.compare(value, expected) === 0
    if (!holds) throw new ConditionFailedError(condition.key, index)
  }
}

function bytesOf(condition: { readonly equals: unknown; readonly raw?: boolean }): Uint8Array {
  return condition.raw === true ? (condition.equals as Uint8Array) : encode(condition.equals)
}

function entriesOf(values: Values, { prefix, reverse, limit }: RangeOptions): [string, Uint8Array][] {
  const start = prefix ?? ''
  const found = [...values].filter(([key]) => key.startsWith(start)).sort(([a], [b]) => (a < b ? -1 : 1))
  if (reverse === true) found.reverse()
  return limit === undefined ? found : found.slice(0, limit)
}

function shorten(keys: readonly string[]): string {
  const shown = keys.slice(0, 12).map((key) => key.replace(/[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/, ''))
  return `${shown.join(' ')}${keys.length > 12 ? ' …' : ''}`
}
