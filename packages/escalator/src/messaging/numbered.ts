interface Page<T> {
  readonly items: (T | undefined)[]
  used: number
}

const PAGE_SIZE = 1_024

/**
 * Things under numbers that only ever grow, most of which go away soon after they came.
 *
 * A Map would do but for this: while entries come and go it makes itself a new table now and then, to which the old one
 * keeps pointing. Once one such table is in the old generation, everything that hangs on the tables after it survives
 * every young collection; half the time of a busy client went into that. Here the Map changes once in a thousand.
 */
export class Numbered<T> {
  #pages = new Map<number, Page<T>>()
  #last: Page<T> = { items: [], used: 0 }
  #lastNumber = -1
  size = 0

  get(number: number): T | undefined {
    return this.#page(number)?.items[number % PAGE_SIZE]
  }

  has(number: number): boolean {
    return this.get(number) !== undefined
  }

  /** Nothing may be there yet. */
  add(number: number, item: T): void {
    const page = this.#page(number) ?? this.#addPage(Math.floor(number / PAGE_SIZE))
    page.items[number % PAGE_SIZE] = item
    page.used++
    this.size++
  }

  /** False when nothing was there. */
  delete(number: number): boolean {
    const page = this.#page(number)
    if (page?.items[number % PAGE_SIZE] === undefined) return false
    page.items[number % PAGE_SIZE] = undefined
    page.used--
    this.size--
    if (page.used === 0 && page !== this.#last) this.#pages.delete(Math.floor(number / PAGE_SIZE))
    return true
  }

  /** In the order of their numbers; what goes away meanwhile is left out. */
  *values(): IterableIterator<T> {
    for (const { items } of [...this.#pages.values()]) for (const item of items) if (item !== undefined) yield item
  }

  #page(number: number): Page<T> | undefined {
    const page = Math.floor(number / PAGE_SIZE)
    return page === this.#lastNumber ? this.#last : this.#pages.get(page)
  }

  #addPage(number: number): Page<T> {
    if (this.#last.used === 0) this.#pages.delete(this.#lastNumber)
    // In full length from the start: a list with holes is slow.
    this.#last = { items: new Array<T | undefined>(PAGE_SIZE).fill(undefined), used: 0 }
    this.#lastNumber = number
    this.#pages.set(number, this.#last)
    return this.#last
  }
}
