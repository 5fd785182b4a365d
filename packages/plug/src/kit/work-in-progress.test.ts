import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WorkInProgress } from './work-in-progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('tells of a call as long as any of its work goes on, and of no other', async () => {
  const told: AbortSignal[] = []
  const working = new WorkInProgress((signal) => told.push(signal))
  const [long, short] = [new AbortController().signal, new AbortController().signal]
  const finish: (() => void)[] = []
  const works = [
    working.during(long, () => new Promise<void>((resolve) => finish.push(resolve))),
    working.during(long, async () => {}),
    working.during(short, async () => {}),
    working.during(undefined, async () => {}),
  ]
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told.length).toBeGreaterThanOrEqual(10)
  expect(new Set(told)).toEqual(new Set([long]))
  for (const one of finish) one()
  await Promise.all(works)
  expect(vi.getTimerCount()).toBe(0)
})
