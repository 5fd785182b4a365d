import { setTimeout as sleep } from 'node:timers/promises'
import { OnituError } from '@onitu/protocol'
import { isTaken } from './socket-errors.ts'

/** ms */
const STEP = 5

/**
 * Binds to an address that a former socket is about to free, which takes a moment after its closing.
 * @throws OnituError `BIND_FAILED`
 */
export async function bindPatiently(address: string, patience: number, bind: () => Promise<void>): Promise<void> {
  for (const until = performance.now() + patience; ; ) {
    try {
      await bind()
      return
    } catch (cause) {
      if (!isTaken(cause) || performance.now() > until)
        throw new OnituError('BIND_FAILED', `Cannot listen on ${address}: ${String(cause)}`, { cause })
    }
    await sleep(STEP)
  }
}
