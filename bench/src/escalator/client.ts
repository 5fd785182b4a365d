import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Order } from './client-process.ts'
import type { Done, Work } from './work.ts'

/** A client in a process of its own. */
export interface Client {
  open(order: Extract<Order, { type: 'open' }>): Promise<void>
  fill(keys: number): Promise<void>
  work(work: Work, duration: number): Promise<Done>
  stop(): Promise<void>
}

interface Answer {
  readonly answer?: unknown
  readonly error?: string
}

export function startClient(): Client {
  const child = fork(new URL('./client-process.js', import.meta.url), { serialization: 'advanced' })
  const exited = once(child, 'exit')
  const ask = async (order: Order): Promise<unknown> => {
    child.send(order)
    const died = exited.then(() => [{ error: 'its process ended' }])
    const [message] = (await Promise.race([once(child, 'message'), died])) as [Answer]
    if (message.error !== undefined) throw new Error(`A client failed at ${JSON.stringify(order)}: ${message.error}`)
    return message.answer
  }
  return {
    async open(order) {
      await ask(order)
    },
    async fill(keys) {
      await ask({ type: 'fill', keys })
    },
    work: async (work, duration) => (await ask({ type: 'work', work, duration })) as Done,
    async stop() {
      await ask({ type: 'close' })
      child.disconnect()
      await exited
    },
  }
}
