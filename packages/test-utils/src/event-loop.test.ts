import { describe, expect, test } from 'vitest'
import { BooleanLoop, CounterLoop } from './event-loop.ts'

describe('BooleanLoop', () => {
  test('ends at once when it was stopped before it runs', async () => {
    const loop = new BooleanLoop()
    loop.stop()
    await loop.run(1_000)
    expect(loop.done).toBe(true)
  })

  test('ends when it is stopped', async () => {
    const loop = new BooleanLoop()
    const running = loop.run(1_000)
    loop.stop()
    await running
  })

  test('fails with TIMEOUT when nothing stops it', async () => {
    await expect(new BooleanLoop().run(1)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('waits again after a restart', async () => {
    const loop = new BooleanLoop()
    loop.stop()
    loop.restart()
    await expect(loop.run(1)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})

describe('CounterLoop', () => {
  test('ends after so many checks and not before', async () => {
    const loop = new CounterLoop(2)
    loop.check()
    await expect(loop.run(1)).rejects.toMatchObject({ code: 'TIMEOUT' })
    loop.check()
    await loop.run(1_000)
  })

  test('counts anew after a restart', async () => {
    const loop = new CounterLoop(1)
    loop.check()
    loop.restart(2)
    expect(loop.done).toBe(false)
    loop.check()
    loop.check()
    expect(loop.done).toBe(true)
  })
})
