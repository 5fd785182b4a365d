import type { RemoteCursor } from '../client/remote-cursor.ts'
import type { TakeItem } from '../client/remote-range.ts'
import type { Key } from '../wire/key.ts'
import type { Page } from '../wire/page.ts'

/** What the iterators of abstract-level are made of. One call at a time, which abstract-level sees to. */
export interface PageReader<T> {
  next(): Promise<T | undefined>
  /** At least one unless the end is reached, and `size` at most. */
  nextv(size: number): Promise<T[]>
  seek(target: Key): void
  close(): Promise<void>
}

export function createPageReader<T>(cursor: RemoteCursor, take: TakeItem<T>): PageReader<T> {
  let page: Page | undefined
  let index = 0

  const find = async (): Promise<Page | undefined> => {
    if (page !== undefined && index < page.count) return page
    page = await cursor.next()
    index = 0
    return page
  }
  return {
    async next() {
      const found = await find()
      return found === undefined ? undefined : take(found, index++)
    },
    async nextv(size) {
      const items: T[] = []
      const found = await find()
      if (found === undefined) return items
      const end = Math.min(found.count, index + size)
      while (index < end) items.push(take(found, index++))
      return items
    },
    seek(target) {
      page = undefined
      cursor.seek(target)
    },
    close: () => cursor.close(),
  }
}
