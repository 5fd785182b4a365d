import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { AbortFollowers } from './abort-followers.ts'

describe('AbortFollowers', () => {
  it('aborts all that follow a signal, for its reason, with one listener', () => {
    const followers = new AbortFollowers()
    const caller = new AbortController()
    const [one, two, left] = [new AbortController(), new AbortController(), new AbortController()]
    followers.follow(caller.signal, one)
    followers.follow(caller.signal, two)
    followers.follow(caller.signal, left)()
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1)
    const reason = new Error('enough')
    caller.abort(reason)
    expect([one, two].map(({ signal }) => signal.reason)).toEqual([reason, reason])
    expect(left.signal.aborted).toBe(false)
  })

  it('leaves no listener behind, and begins anew', () => {
    const followers = new AbortFollowers()
    const caller = new AbortController()
    const leave = followers.follow(caller.signal, new AbortController())
    leave()
    leave()
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
    const later = new AbortController()
    followers.follow(caller.signal, later)
    caller.abort()
    expect(later.signal.aborted).toBe(true)
  })
})
