import { BATCH_WEIGHT, weigh } from './envelope.ts'

export interface Groupable {
  readonly id: number
  readonly body: unknown
  readonly frames: readonly Uint8Array[]
}

/**
 * Takes what goes into the next message from the head of the queue: requests without frames together, one with frames
 * alone. What nobody waits for any more is left out.
 */
export function takeGroup<R extends Groupable>(queue: R[], pending: { has(id: number): boolean }): R[] {
  const group: R[] = []
  let weight = 0
  let taken = 0
  for (const request of queue) {
    if (pending.has(request.id)) {
      if (group.length > 0 && (request.frames.length > 0 || weight > BATCH_WEIGHT)) break
      group.push(request)
      weight += weigh(request.body)
    }
    taken++
    if (request.frames.length > 0) break
  }
  queue.splice(0, taken)
  return group
}
