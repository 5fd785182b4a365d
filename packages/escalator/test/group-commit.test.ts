import { ClassicLevel } from 'classic-level'
import { describe, expect, it, vi } from 'vitest'
import { cleanup, client, serve } from './support.ts'

/** Counts the batches that LevelDB is asked to flush to disk. */
function countSyncs(): { syncs: number } {
  const counter = { syncs: 0 }
  const original = ClassicLevel.prototype.batch as (...given: unknown[]) => { write(options?: unknown): Promise<void> }
  const spy = vi.spyOn(ClassicLevel.prototype, 'batch')
  cleanup(() => spy.mockRestore())
  spy.mockImplementation(function (this: unknown, ...given: unknown[]) {
    const batch = original.apply(this, given)
    const write = batch.write.bind(batch)
    batch.write = (options) => {
      if (Object(options).sync === true) counter.syncs++
      return write(options)
    }
    return batch as never
  } as never)
  return counter
}

describe('concurrent writes with sync', () => {
  it('of several clients share one flush to disk', async () => {
    const server = await serve()
    const clients = await Promise.all(Array.from({ length: 4 }, () => client(server.address)))
    const counter = countSyncs()
    const writes = clients.flatMap((each, number) =>
      Array.from({ length: 100 }, (_, index) => each.put(`${number}:${index}`, index, { sync: true })),
    )
    await Promise.all(writes)
    expect(counter.syncs).toBeGreaterThan(0)
    // One for each of the clients' messages at most.
    expect(counter.syncs).toBeLessThanOrEqual(8)
    await clients[0]?.put('plain', 1)
    const before = counter.syncs
    await clients[0]?.put('plain', 2)
    expect(counter.syncs).toBe(before)
  })
})
