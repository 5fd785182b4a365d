import { isOnituError } from '@onitu/protocol'
import type { Referee } from './referee.ts'
import { createWorkQueue } from './work-queue.ts'

/** Wake-ups may be lost, so all outboxes are looked at now and then. */
const SWEEP_INTERVAL = 5_000
const RETRY_DELAY = 500

export interface DecisionLoop {
  /** A wake-up is the name of a service; anything else is no reason to do anything. */
  wake(service: string): void
  /** Starts nothing new; `finished` resolves once what is being decided is done. */
  stop(): void
  /** Rejects when the Referee cannot go on. */
  readonly finished: Promise<void>
}

export interface LoopWorld {
  /** Calls back once after `ms`; gives the function that cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void
  readonly failed: (service: string, error: Error & { readonly code: string }) => void
}

/** Decides what is in the outboxes, one service at a time: decisions read what earlier ones wrote. */
export function runDecisions(referee: Referee, { after, failed }: LoopWorld): DecisionLoop {
  const queue = createWorkQueue()
  const known = new Set(referee.services)
  let cancel = () => {}
  const sweep = () => {
    for (const service of referee.services) queue.add(service)
    cancel = after(SWEEP_INTERVAL, sweep)
  }
  const decideAll = async () => {
    for (let service = await queue.next(); service !== undefined; service = await queue.next()) {
      try {
        await referee.decideOutbox(service)
      } catch (error) {
        if (!isOnituError(error)) throw error
        failed(service, error)
        const again = service
        after(RETRY_DELAY, () => queue.add(again))
      }
    }
  }
  sweep()
  return {
    wake: (service) => {
      if (known.has(service)) queue.add(service)
    },
    stop: () => {
      cancel()
      queue.close()
    },
    finished: decideAll(),
  }
}
