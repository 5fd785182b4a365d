/** What is to be done next, without doubles; waits when there is nothing. */
export interface WorkQueue {
  add(item: string): void
  /** The next item, or undefined once the queue is closed. */
  next(): Promise<string | undefined>
  close(): void
}

export function createWorkQueue(): WorkQueue {
  const items = new Set<string>()
  let closed = false
  let wake: (() => void) | undefined
  const notify = () => {
    wake?.()
    wake = undefined
  }
  return {
    add(item) {
      items.add(item)
      notify()
    },
    async next() {
      for (;;) {
        if (closed) return undefined
        const [item] = items
        if (item !== undefined) {
          items.delete(item)
          return item
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    close() {
      closed = true
      notify()
    },
  }
}
