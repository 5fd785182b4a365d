import { expect } from 'vitest'

/** Vitest compares bytes one by one, as properties: 1 MiB takes it some seconds. Others than these it compares itself. */
function areSameBytes(one: unknown, other: unknown): boolean | undefined {
  if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return undefined
  return one.constructor === other.constructor ? Buffer.compare(one, other) === 0 : undefined
}

expect.addEqualityTesters([areSameBytes])
