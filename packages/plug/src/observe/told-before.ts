import { type CheckedChange, fidsOf } from './plan-report.ts'

/** A change that was told of and does not have its files yet. */
export interface Told {
  readonly checked: CheckedChange
  /** Files in the place of which an order has put something since. */
  readonly overtaken: Set<string>
  /** Files in the place of which an order was putting something when it was told. */
  readonly during: Set<string>
}

/**
 * What was told of a file before an order puts something in its place is older: the driver looked at it before that was there, or was gone.
 * What is told while it is put may be older or newer.
 */
export class ToldBefore {
  readonly #waiting = new Map<string, Set<Told>>()
  readonly #putting = new Set<string>()

  add(told: Told): void {
    for (const fid of fidsOf(told.checked)) {
      const others = this.#waiting.get(fid) ?? new Set<Told>()
      this.#waiting.set(fid, others.add(told))
      if (this.#putting.has(fid)) told.during.add(fid)
    }
  }

  remove(told: Told): void {
    for (const fid of fidsOf(told.checked)) {
      const others = this.#waiting.get(fid)
      others?.delete(told)
      if (others?.size === 0) this.#waiting.delete(fid)
    }
  }

  /** Puts something in the place of a file, which is locked. When that fails, what was told before still counts. */
  async put<T>(fid: string, put: () => Promise<T>): Promise<T> {
    const older = [...(this.#waiting.get(fid) ?? [])].filter(({ overtaken }) => !overtaken.has(fid))
    for (const { overtaken } of older) overtaken.add(fid)
    this.#putting.add(fid)
    try {
      return await put()
    } catch (error) {
      for (const { overtaken } of older) overtaken.delete(fid)
      throw error
    } finally {
      this.#putting.delete(fid)
    }
  }
}
