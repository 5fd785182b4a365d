import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { realClock } from '../engine.ts'
import { PATIENCE, RequestWatch } from './request-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watch(answer: () => Promise<boolean>) {
  const requests = new RequestWatch({ ...realClock, elapsed: () => Date.now() })
  const givenUp: unknown[] = []
  let asked = 0
  const ask = () => {
    asked++
    return answer()
  }
  const end = requests.add({ ask, giveUp: (error) => givenUp.push(error) })
  return { requests, givenUp, end, asked: () => asked }
}

describe('a request that takes long', () => {
  test('is not asked about before its time', async () => {
    const { asked } = watch(async () => true)
    await vi.advanceTimersByTimeAsync(PATIENCE - 1)
    expect(asked()).toBe(0)
  })

  test('goes on as long as the other side is at it', async () => {
    const { asked, givenUp } = watch(async () => true)
    await vi.advanceTimersByTimeAsync(60 * PATIENCE)
    expect(asked()).toBeGreaterThan(30)
    expect(givenUp).toEqual([])
  })

  test('is given up when the other side does not answer', async () => {
    const failure = new Error('no answer')
    const { givenUp } = watch(() => Promise.reject(failure))
    await vi.advanceTimersByTimeAsync(2 * PATIENCE)
    expect(givenUp).toEqual([failure])
  })

  test('is given up when the other side says twice that it knows nothing of it', async () => {
    let answers = [true, false, true, false, false, true]
    const { givenUp, asked } = watch(async () => {
      const [answer = true, ...rest] = answers
      answers = rest
      return answer
    })
    await vi.advanceTimersByTimeAsync(60 * PATIENCE)
    expect(givenUp).toMatchObject([{ code: 'REQUEST_LOST', retryable: true }])
    expect(asked()).toBe(5)
  })

  test('is asked about no more when it is over, and nothing is left running', async () => {
    const { end, asked } = watch(async () => true)
    end()
    await vi.advanceTimersByTimeAsync(10 * PATIENCE)
    expect(asked()).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is asked about one question at a time', async () => {
    const { asked, requests } = watch(() => new Promise(() => undefined))
    await vi.advanceTimersByTimeAsync(10 * PATIENCE)
    expect(asked()).toBe(1)
    requests.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
