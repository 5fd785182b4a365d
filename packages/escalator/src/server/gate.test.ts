import { describe, expect, it } from 'vitest'
import { createGate } from './gate.ts'

function blocker() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

describe('a gate', () => {
  it('lets so many through at a time, in order', async () => {
    const gate = createGate(2)
    const begun: number[] = []
    const blockers = [0, 1, 2, 3].map(blocker)
    const runs = blockers.map(({ promise }, index) =>
      gate(() => {
        begun.push(index)
        return promise
      }),
    )
    expect(begun).toEqual([0, 1])
    blockers[1]?.resolve()
    await runs[1]
    expect(begun).toEqual([0, 1, 2])
    for (const { resolve } of blockers) resolve()
    await Promise.all(runs)
    expect(begun).toEqual([0, 1, 2, 3])
  })

  it('goes on after a failure', async () => {
    const gate = createGate(1)
    await expect(gate(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await gate(async () => 1)).toBe(1)
  })

  it('turns away those for whom there is no place to wait', async () => {
    const gate = createGate(1, 1)
    const { promise, resolve } = blocker()
    const first = gate(() => promise)
    const second = gate(async () => undefined)
    await expect(gate(async () => undefined)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryable: true })
    resolve()
    await Promise.all([first, second])
  })
})
