import { isOnituError, keys } from '@onitu/protocol'
import type { Referee } from './referee.ts'
import { createWorkQueue } from './work-queue.ts'

/** Wake-ups may be lost, so all outboxes and the requests are looked at now and then. */
const SWEEP_INTERVAL = 5_000
const RETRY_DELAY = 500

export interface DecisionLoop {
  /** A wake-up is the name of a service, or `request:`; anything else is no reason to do anything. */
  wake(what: string): void
  /** Starts nothing new; `finished` resolves once what is being decided is done. */
  stop(): void
  /** Rejects when the Referee cannot go on. */
  readonly finished: Promise<void>
}

export interface LoopWorld {
  /** Calls back once after `ms`; gives the function that cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void
  readonly failed: (what: string, error: Error & { readonly code: string }) => void
}

/** Decides what is in the outboxes and what is asked for, one at a time: decisions read what earlier ones wrote. */
export function runDecisions(referee: Referee, { after, failed }: LoopWorld): DecisionLoop {
  const queue = createWorkQueue()
  // No service has a name with a colon.
  const known = new Set([...referee.services, keys.requestPrefix])
  let cancel = () => {}
  const sweep = () => {
    for (const what of known) queue.add(what)
    cancel = after(SWEEP_INTERVAL, sweep)
  }
  const lookAgain = (what: string, delay: number | undefined) => {
    if (delay !== undefined) after(delay, () => queue.add(what))
  }
  const decideAll = async () => {
    for (let what = await queue.next(); what !== undefined; what = await queue.next()) {
      try {
        if (what === keys.requestPrefix) await referee.carryOutRequests()
        else lookAgain(what, await referee.decideOutbox(what))
      } catch (error) {
        if (!isOnituError(error)) throw error
        const again = what
        failed(again, error)
        after(RETRY_DELAY, () => queue.add(again))
      }
    }
  }
  sweep()
  return {
    wake: (what) => {
      if (known.has(what)) queue.add(what)
    },
    stop: () => {
      cancel()
      queue.close()
    },
    finished: decideAll(),
  }
}
