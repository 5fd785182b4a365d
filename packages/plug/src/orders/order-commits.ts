import { isOnituError, keys } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { Gatherer } from '../gatherer.ts'
import { untilAnswered } from '../until-answered.ts'
import { commitOrder, type OrderResult, recordOperations } from './commit-order.ts'

interface Waiting {
  readonly result: OrderResult
  readonly done: (same: boolean) => void
  readonly failed: (error: unknown) => void
}

const COMMITS_PER_BATCH = 128

/** Commits orders that were carried out at about the same time together; those of which one was replaced, one by one. */
export class OrderCommits {
  readonly #engine: Engine
  readonly #done: Gatherer<Waiting>

  constructor(engine: Engine) {
    this.#engine = engine
    this.#done = new Gatherer(engine.clock, (all) => this.#writeAll(all))
  }

  /** While an order is carried out of which the commit may wait for others, and others for it. */
  expect<R>(work: () => Promise<R>): Promise<R> {
    return this.#done.expect(work)
  }

  /** Gives false when the order was replaced meanwhile: then only what the service holds now is written. */
  commit(result: OrderResult): Promise<boolean> {
    return new Promise((done, failed) => this.#done.add({ result, done, failed }))
  }

  async #writeAll(all: readonly Waiting[]): Promise<void> {
    const groups: Promise<void>[] = []
    for (let at = 0; at < all.length; at += COMMITS_PER_BATCH)
      groups.push(this.#write(all.slice(at, at + COMMITS_PER_BATCH)))
    await Promise.all(groups)
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    if (group.length > 1 && (await this.#writeTogether(group))) {
      for (const { done } of group) done(true)
    } else await Promise.all(group.map((one) => commitOrder(this.#engine, one.result).then(one.done, one.failed)))
  }

  /** False when nothing was written, or it cannot be known. Writing it again then is safe. */
  async #writeTogether(group: readonly Waiting[]): Promise<boolean> {
    const { db, service } = this.#engine
    const operations = group.flatMap(({ result }) => [
      ...recordOperations(service, result),
      { type: 'delete' as const, key: keys.order(service, result.fid) },
    ])
    const conditions = group.map(({ result }) => ({
      key: keys.order(service, result.fid),
      equals: result.bytes,
      raw: true,
    }))
    try {
      await untilAnswered(this.#engine, () => db.batch(operations, { conditions }))
      return true
    } catch (error) {
      if (!isOnituError(error) || error.code !== 'CONDITION_FAILED') {
        this.#engine.warn('Orders could not be committed together', error)
      }
      return false
    }
  }
}
