/**
 * Runs `task` once all promise continuations that are due have run, still in this turn of the event loop. Everything
 * that the code woken by one message asks for is collected this way; a microtask would run too early (between those
 * continuations) and setImmediate would cost a turn of the loop for each round trip.
 */
export function afterMicrotasks(task: () => void): void {
  queueMicrotask(() => process.nextTick(task))
}
