import { OnituError } from '@onitu/protocol'

/** Levels of nested arrays and maps in a message. What is kept of it passes through recursive code. */
const MAX_DEPTH = 32

/** @throws OnituError `PROTOCOL` */
export function checkDepth(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (depth >= MAX_DEPTH)
    throw new OnituError('PROTOCOL', `Expected at most ${MAX_DEPTH} levels in a message, got more`)
  for (const part of Array.isArray(value) ? value : Object.values(value)) checkDepth(part, depth + 1)
}
