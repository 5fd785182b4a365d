import { describe, expect, test } from 'vitest'
import type { Clock } from '../engine.ts'
import { UnreadChanges } from './unread-changes.ts'

/** Time passes when `pass` says so. */
function fakeClock() {
  let now = 0
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  const clock = {
    after(ms: number, callback: () => void) {
      const timer = { at: now + ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  } as unknown as Clock
  const pass = (ms: number) => {
    now += ms
    for (const timer of [...timers]) {
      if (timer.at > now) continue
      timers.delete(timer)
      timer.callback()
    }
  }
  return { clock, pass, timers }
}

describe('changes that could not be read', () => {
  /** Each retry fails, and waits for the next one. */
  function failing() {
    const fake = fakeClock()
    const unread = new UnreadChanges(fake.clock)
    const pauses: number[] = []
    const add = (pause?: number) =>
      unread.add(
        'a',
        '1',
        (_isCurrent, next) => {
          pauses.push(next)
          add(next)
        },
        pause,
      )
    add()
    return { ...fake, unread, pauses }
  }

  test('are read again after pauses that grow, up to five minutes', () => {
    const { pass, pauses } = failing()
    pass(999)
    expect(pauses).toEqual([])
    pass(1)
    pass(2000)
    expect(pauses).toEqual([2000, 4000])
    for (let more = 0; more < 8; more++) pass(300_000)
    expect(pauses.at(-1)).toBe(300_000)
  })

  test('are read when that is asked for, which makes no pause longer', () => {
    const { unread, timers, pauses } = failing()
    unread.retryAll()
    unread.retryAll()
    expect(pauses).toEqual([1000, 1000])
    expect(timers.size).toBe(1)
  })

  test('are read once, however often it is asked for meanwhile', () => {
    const { clock, pass } = fakeClock()
    const unread = new UnreadChanges(clock)
    let retries = 0
    unread.add('a', '1', () => retries++)
    unread.retryAll()
    unread.retryAll()
    pass(10_000)
    expect(retries).toBe(1)
  })

  test('give way to what is newer, also while they are read', () => {
    const { clock, pass } = fakeClock()
    const unread = new UnreadChanges(clock)
    const seen: string[] = []
    let isOldCurrent = () => true
    unread.add('a', '1', (isCurrent) => {
      isOldCurrent = isCurrent
      seen.push('old')
    })
    unread.retryAll()
    expect(isOldCurrent()).toBe(true)
    unread.add('a', '1', () => seen.push('new'))
    expect(isOldCurrent()).toBe(false)
    unread.add('b', '1', () => seen.push('forgotten'))
    unread.forget('b')
    pass(1000)
    expect(seen).toEqual(['old', 'new'])
  })

  test('wait beside another state of their file, until one of them is done or there is newer news', () => {
    const { clock } = fakeClock()
    const unread = new UnreadChanges(clock)
    const seen: string[] = []
    const add = (what: string) => unread.add('a', what, () => seen.push(what))
    add('1')
    add('2')
    add('3')
    unread.done('a', '2')
    unread.retryAll()
    expect(seen).toEqual(['1', '3'])
    add('4')
    add('5')
    unread.forget('a')
    unread.retryAll()
    expect(seen).toEqual(['1', '3'])
  })
})
