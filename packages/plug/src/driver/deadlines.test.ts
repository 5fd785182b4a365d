import { describe, expect, test } from 'vitest'
import type { Clock } from '../engine.ts'
import { Deadlines } from './deadlines.ts'

/** Seconds that pass when the test says so. */
class HandClock implements Clock {
  #elapsed = 0
  #timers: { readonly at: number; readonly callback: () => void }[] = []

  now = () => this.#elapsed
  elapsed = () => this.#elapsed
  soon = (callback: () => void) => setImmediate(callback)

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + milliseconds, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  pass(seconds: number): void {
    for (let left = seconds; left > 0; left--) {
      this.#elapsed += 1_000
      const due = this.#timers.filter(({ at }) => at <= this.#elapsed)
      this.#timers = this.#timers.filter(({ at }) => at > this.#elapsed)
      for (const { callback } of due) callback()
    }
  }
}

function calls() {
  const clock = new HandClock()
  const deadlines = new Deadlines(clock)
  const call = (name: string) => {
    let given: AbortSignal | undefined
    const outcome = deadlines
      .run(name, 60_000, undefined, (signal) => {
        given = signal
        return new Promise(() => undefined)
      })
      .catch((error: { code: string }) => error.code)
    return { outcome, signal: () => given, isOver: () => given?.aborted }
  }
  return { clock, deadlines, call }
}

describe('deadlines of calls', () => {
  test('abort the signal and fail the call when the time is over', async () => {
    const { clock, call } = calls()
    const one = call('one')
    clock.pass(59)
    expect(one.isOver()).toBe(false)
    clock.pass(1)
    expect(one.isOver()).toBe(true)
    expect(await one.outcome).toBe('DRIVER_TIMEOUT')
  })

  test('tell what a call gave after all that had been left behind', async () => {
    const { clock, deadlines } = calls()
    let finish: (value: number) => void = () => undefined
    const late = new Promise((told) => {
      const running = deadlines.run(
        'slow',
        60_000,
        undefined,
        () => new Promise<number>((done) => (finish = done)),
        told,
      )
      running.catch(() => finish(7))
      clock.pass(61)
    })
    expect(await late).toBe(7)
  })

  test('begin anew for the call that goes on, and for no other', () => {
    const { clock, deadlines, call } = calls()
    const [slow, hanging] = [call('slow'), call('hanging')]
    for (let minute = 0; minute < 5; minute++) {
      clock.pass(50)
      deadlines.begin(slow.signal())
    }
    expect([slow.isOver(), hanging.isOver()]).toEqual([false, true])
    clock.pass(60)
    expect(slow.isOver()).toBe(true)
  })

  test('begin anew for all calls while the driver waits for a limit', () => {
    const { clock, deadlines, call } = calls()
    const both = [call('one'), call('other')]
    clock.pass(50)
    deadlines.begin(undefined)
    clock.pass(59)
    expect(both.map(({ isOver }) => isOver())).toEqual([false, false])
    clock.pass(1)
    expect(both.map(({ isOver }) => isOver())).toEqual([true, true])
  })

  test('do not mind a signal of a call that is over', () => {
    const { deadlines } = calls()
    expect(() => deadlines.begin(new AbortController().signal)).not.toThrow()
  })
})
