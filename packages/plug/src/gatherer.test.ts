import { expect, test } from 'vitest'
import type { Clock } from './engine.ts'
import { Gatherer } from './gatherer.ts'

/** Nothing happens by itself; `turn` runs what was asked for soon, `wait` what was asked for later. */
class ManualClock implements Clock {
  #soon: (() => void)[] = []
  #later = new Set<() => void>()
  now = () => 0
  elapsed = () => 0
  soon = (callback: () => void) => void this.#soon.push(callback)
  after = (_ms: number, callback: () => void) => {
    this.#later.add(callback)
    return () => this.#later.delete(callback)
  }

  get timers(): number {
    return this.#later.size
  }

  async turn(): Promise<void> {
    await settled()
    for (const callback of this.#soon.splice(0)) callback()
    await settled()
  }

  async wait(): Promise<void> {
    for (const callback of this.#later) {
      this.#later.delete(callback)
      callback()
    }
    await this.turn()
  }
}

/** Everything that needs no clock. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

function gathering() {
  const clock = new ManualClock()
  const batches: string[][] = []
  const gatherer = new Gatherer<string>(clock, async (batch) => void batches.push(batch))
  /** Gives the function that has it come. */
  const expectOne = (name: string): (() => void) => {
    let come: () => void = () => undefined
    const coming = new Promise<void>((resolve) => {
      come = resolve
    })
    void gatherer.expect(() => coming).then(() => gatherer.add(name))
    return come
  }
  return { clock, batches, gatherer, expectOne }
}

test('what is alone does not wait', async () => {
  const { clock, batches, gatherer } = gathering()
  gatherer.add('a')
  await clock.turn()
  expect(batches).toEqual([['a']])
  expect(clock.timers).toBe(0)
})

test('what is ready waits for what is on its way', async () => {
  const { clock, batches, expectOne } = gathering()
  const [a, b] = [expectOne('a'), expectOne('b')]
  a()
  await clock.turn()
  expect(batches).toEqual([])
  b()
  await clock.turn()
  await clock.turn()
  expect(batches).toEqual([['a', 'b']])
  expect(clock.timers).toBe(0)
})

test('what is ready waits for so long only', async () => {
  const { clock, batches, expectOne } = gathering()
  expectOne('never')
  expectOne('a')()
  await clock.turn()
  await clock.wait()
  expect(batches).toEqual([['a']])
  expectOne('b')()
  await clock.turn()
  expect(batches).toHaveLength(1)
  await clock.wait()
  expect(batches).toEqual([['a'], ['b']])
})

test('the more is on its way, the more is taken together', async () => {
  const { clock, batches, gatherer, expectOne } = gathering()
  const comers = Array.from({ length: 600 }, (_, number) => expectOne(String(number)))
  for (const come of comers) {
    come()
    await clock.turn()
  }
  await clock.turn()
  const sizes = batches.map(({ length }) => length)
  expect(sizes.reduce((sum, size) => sum + size)).toBe(600)
  expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
  expect(sizes[0]).toBe(150)
  expect(sizes.length).toBeLessThan(8)
  expect(clock.timers).toBe(0)
  expectOne('never')
  for (let number = 0; number < 63; number++) gatherer.add(String(number))
  await clock.turn()
  expect(batches).toHaveLength(sizes.length)
  gatherer.add('64')
  await clock.turn()
  expect(batches.at(-1)).toHaveLength(64)
})

test('what is very much does not wait', async () => {
  const { clock, batches, gatherer, expectOne } = gathering()
  for (let number = 0; number < 10_000; number++) expectOne('never')
  for (let number = 0; number < 512; number++) gatherer.add(String(number))
  await clock.turn()
  expect(batches.map(({ length }) => length)).toEqual([512])
})

test('what is expected and does not come is not waited for', async () => {
  const { clock, batches, gatherer, expectOne } = gathering()
  let fail: (error: Error) => void = () => undefined
  const failing = gatherer.expect(
    () =>
      new Promise<void>((_, reject) => {
        fail = reject
      }),
  )
  expectOne('a')()
  await clock.turn()
  expect(batches).toEqual([])
  fail(new Error('gone'))
  await expect(failing).rejects.toThrow('gone')
  await clock.turn()
  expect(batches).toEqual([['a']])
})

test('one batch is taken after the other', async () => {
  const clock = new ManualClock()
  const taken: string[][] = []
  const ends: (() => void)[] = []
  const gatherer = new Gatherer<string>(clock, (batch) => {
    taken.push(batch)
    return new Promise((resolve) => ends.push(resolve))
  })
  gatherer.add('a')
  await clock.turn()
  gatherer.add('b')
  gatherer.add('c')
  await clock.turn()
  expect(taken).toEqual([['a']])
  ends[0]?.()
  await clock.turn()
  await clock.turn()
  expect(taken).toEqual([['a'], ['b', 'c']])
})
