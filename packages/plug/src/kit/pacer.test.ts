import { describe, expect, test } from 'vitest'
import { Pacer, type PacerClock } from './pacer.ts'

/** A clock that goes on only when it is told to. */
class HandClock implements PacerClock {
  #now = 0
  #timers: { readonly at: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)
      if (next === undefined) break
      this.#now = next.at
      this.#timers = this.#timers.filter((one) => one !== next)
      next.callback()
    }
    this.#now = end
    await Promise.resolve()
  }
}

const limited = (rate: number, burst = 1) => {
  const clock = new HandClock()
  let told = 0
  const pacer = new Pacer({ rate, burst, clock, waiting: () => told++ })
  const gone: number[] = []
  const ask = (name: number, amount = 1, signal?: AbortSignal) =>
    pacer.take(amount, signal).then(() => void gone.push(name))
  return { clock, pacer, gone, ask, told: () => told }
}

describe('a pacer', () => {
  test('lets go in the order in which it was asked, not faster than its limit', async () => {
    const { clock, gone, ask } = limited(2)
    for (const name of [1, 2, 3, 4]) void ask(name)
    await clock.pass(0)
    expect(gone).toEqual([1])
    await clock.pass(499)
    expect(gone).toEqual([1])
    await clock.pass(1)
    expect(gone).toEqual([1, 2])
    await clock.pass(1_000)
    expect(gone).toEqual([1, 2, 3, 4])
  })

  test('lets a small amount not overtake a large one that waits', async () => {
    const { clock, gone, ask } = limited(100, 100)
    for (const [name, amount] of [
      [1, 100],
      [2, 100],
      [3, 1],
    ] as const)
      void ask(name, amount)
    await clock.pass(999)
    expect(gone).toEqual([1])
    await clock.pass(11)
    expect(gone).toEqual([1, 2, 3])
  })

  test('takes nothing for what was given up while it waited', async () => {
    const { clock, gone, ask } = limited(1)
    const controller = new AbortController()
    void ask(1)
    const givenUp = ask(2, 1, controller.signal)
    void ask(3)
    controller.abort(new Error('given up'))
    await expect(givenUp).rejects.toThrow('given up')
    await clock.pass(1_000)
    expect(gone).toEqual([1, 3])
    await expect(ask(4, 1, controller.signal)).rejects.toThrow('given up')
  })

  test('says again and again that somebody waits, and nothing when nobody does', async () => {
    const { clock, ask, told } = limited(0.05)
    void ask(1)
    await clock.pass(60_000)
    expect(told()).toBe(0)
    void ask(2)
    void ask(3)
    await clock.pass(20_000)
    expect(told()).toBeGreaterThanOrEqual(4)
  })

  test('lets all that waits go when it is closed', async () => {
    const { clock, pacer, gone, ask } = limited(0.001)
    for (const name of [1, 2, 3]) void ask(name)
    pacer.close()
    void ask(4)
    await clock.pass(0)
    expect(gone).toEqual([1, 2, 3, 4])
  })

  test('refuses what waits, and all that comes, when it ends with a reason', async () => {
    const { pacer, ask, gone } = limited(1)
    const before = ask(1)
    const waits = ask(2)
    pacer.close(new Error('the end'))
    await before
    await expect(waits).rejects.toThrow('the end')
    await expect(ask(3)).rejects.toThrow('the end')
    expect(gone).toEqual([1])
  })
})
