import type { DatabaseIterator, Range } from '../database.ts'
import type { Key } from '../wire/key.ts'
import type { Page } from '../wire/page.ts'
import type { RemoteCursor } from './remote-cursor.ts'

/** Takes one entry out of a page. */
export type TakeItem<T> = (page: Page, index: number) => T

/** Each loop over it opens a range of its own. */
export function createRemoteRange<T>(open: () => RemoteCursor, take: TakeItem<T>): Range<T> {
  return {
    [Symbol.asyncIterator]: () => loopOver(open, take),
    async all() {
      const all: T[] = []
      const cursor = open()
      try {
        for (let page = await cursor.next(); page !== undefined; page = await cursor.next()) {
          for (let index = 0; index < page.count; index++) all.push(take(page, index))
        }
      } finally {
        await cursor.close()
      }
      return all
    },
  }
}

/** Stays open at its end, since it may be moved, but not at the end of a loop over it. */
export function createRemoteIterator<T>(
  cursor: RemoteCursor,
  take: TakeItem<T>,
  whole: (key: Key) => Key,
): DatabaseIterator<T> {
  const steps = createSteps(cursor, take)
  const close = () => cursor.close()
  return {
    async next() {
      return (await steps.next()).value
    },
    seek(key) {
      steps.leavePage()
      cursor.seek(whole(key))
    },
    close,
    [Symbol.asyncDispose]: close,
    [Symbol.asyncIterator]: () => closing(cursor, steps),
  }
}

/** Not a generator, which would cost several turns of the microtask queue for each entry. */
function loopOver<T>(open: () => RemoteCursor, take: TakeItem<T>): AsyncIterator<T, undefined> {
  let loop: AsyncIterator<T, undefined> | undefined
  const begin = () => {
    const cursor = open()
    return closing(cursor, createSteps(cursor, take))
  }
  return {
    next() {
      loop ??= begin()
      return loop.next()
    },
    return: async () => (await loop?.return?.()) ?? END,
  }
}

const END = { done: true, value: undefined } as const

/** Frees the cursor at the end, and when the loop is left. */
function closing<T>(cursor: RemoteCursor, steps: Steps<T>): AsyncIterator<T, undefined> {
  return {
    next() {
      const ready = steps.ready()
      if (ready !== undefined) return ready
      return steps.next().then(async (result) => {
        if (result.done === true) await cursor.close()
        return result
      })
    },
    async return() {
      await cursor.close()
      return END
    },
  }
}

interface Steps<T> {
  next(): Promise<IteratorResult<T, undefined>>
  /** The next entry of the page at hand, if nothing has to be waited for. */
  ready(): Promise<IteratorResult<T, undefined>> | undefined
  /** @throws TypeError while a step is under way */
  leavePage(): void
}

function createSteps<T>(cursor: RemoteCursor, take: TakeItem<T>): Steps<T> {
  let page: Page | undefined
  let index = 0
  let turn: Promise<unknown> | undefined

  const step = async (): Promise<IteratorResult<T, undefined>> => {
    if (page === undefined || index >= page.count) {
      page = await cursor.next()
      index = 0
    }
    return page === undefined ? END : { done: false, value: take(page, index++) }
  }
  const ready = () => {
    if (turn !== undefined || page === undefined || index >= page.count) return undefined
    try {
      return Promise.resolve({ done: false, value: take(page, index++) } as const)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return {
    ready,
    next() {
      const result = ready()
      if (result !== undefined) return result
      // One after the other, also for those who do not wait.
      const mine = turn === undefined ? step() : turn.then(step, step)
      const over = () => {
        if (turn === mine) turn = undefined
      }
      turn = mine
      mine.then(over, over)
      return mine
    },
    leavePage() {
      if (turn !== undefined) throw new TypeError('An iterator can be moved only while no next() is waited for')
      page = undefined
    },
  }
}
