import type { FileRecord } from '@onitu/protocol'
import type { Change, Seen, Stored } from '../contract.ts'
import type { Engine } from '../engine.ts'
import type { OrderTools } from './carry-out.ts'

/** ms */
const FIRST_RETRY = 1_000
const LONGEST_RETRY = 60_000

/** Reports what the driver has done itself and will not tell of. It is read before: a user may have put something else there since. */
export async function reportUntilWritten(
  engine: Engine,
  report: OrderTools['report'],
  change: Change,
  delay = FIRST_RETRY,
): Promise<void> {
  try {
    await report([change], { isDoubted: true })
  } catch (error) {
    engine.warn(`Could not report ${change.path}, which is tried again`, error)
    if (engine.signal.aborted) return
    const next = Math.min(delay * 2, LONGEST_RETRY)
    engine.clock.after(delay, () => void reportUntilWritten(engine, report, change, next))
  }
}

/** What the driver would tell of a content that it has put somewhere. `record`: what was known of it. */
export function seenOf(record: FileRecord, { token, mtime = record.mtime, mode = record.mode, extra }: Stored): Seen {
  const { folder, path, kind, size, hash } = record
  return { folder, path, kind, size, hash, mtime, mode, token, ...(extra === undefined ? {} : { extra }) }
}
