import { type CheckedChange, fidsOf } from './checked-change.ts'

/** A change that was told of and does not have its files yet. */
export interface Told {
  readonly checked: CheckedChange
  /** Files that an order has changed since. */
  readonly overtaken: Set<string>
  /** Files that an order was changing when it was told. */
  readonly during: Set<string>
  /** Those of them of which it is the last news that had to wait; of a deletion, which may be of what was told of before it, the only one. */
  readonly last: Set<string>
  /** Those of them where the order was to put something and there was nothing, for all that was known. */
  readonly made: Set<string>
}

export interface HowItChanges {
  /** Something is put where there is nothing, for all that is known. Default: false. */
  readonly isNew?: boolean
}

/**
 * What was told of a file before an order changes it is older: the driver looked at it before.
 * What is told meanwhile may be older or newer.
 */
export class ToldBefore {
  readonly #waiting = new Map<string, Set<Told>>()
  readonly #changing = new Map<string, HowItChanges>()

  add(told: Told): void {
    for (const fid of fidsOf(told.checked)) {
      const others = this.#waiting.get(fid) ?? new Set<Told>()
      const changing = this.#changing.get(fid)
      if (changing !== undefined) {
        told.during.add(fid)
        if (changing.isNew === true) told.made.add(fid)
        if (others.size === 0 || told.checked.change.type !== 'deleted') told.last.add(fid)
      }
      for (const { last } of others) last.delete(fid)
      this.#waiting.set(fid, others.add(told))
    }
  }

  remove(told: Told): void {
    for (const fid of fidsOf(told.checked)) {
      const others = this.#waiting.get(fid)
      others?.delete(told)
      if (others?.size === 0) this.#waiting.delete(fid)
    }
  }

  /** Has a file changed, which is locked. When that fails, what was told before still counts. */
  async change<T>(fid: string, change: () => Promise<T>, how: HowItChanges = {}): Promise<T> {
    const older = [...(this.#waiting.get(fid) ?? [])].filter(({ overtaken }) => !overtaken.has(fid))
    for (const { overtaken } of older) overtaken.add(fid)
    this.#changing.set(fid, how)
    try {
      return await change()
    } catch (error) {
      for (const { overtaken } of older) overtaken.delete(fid)
      throw error
    } finally {
      this.#changing.delete(fid)
    }
  }
}
