import type { DriverPlug } from '@onitu/plug'
import type { Lanes } from '../connection/lanes.ts'
import type { Session } from '../connection/session.ts'
import { withHandle } from './transfer.ts'

/** Bytes after which a flush begins. */
const STEP = 32 * 1024 * 1024

/**
 * Has the server write large files to its disk while they still come in, one flush at a time for each, so that little is left to wait for at the end. On
 * another channel than the file comes in on, for a server does what comes in on one channel in order.
 */
export class EarlyFlush {
  readonly #logger: DriverPlug['logger']
  readonly #unflushed = new Map<string, number>()
  readonly #running = new Set<string>()

  constructor(logger: DriverPlug['logger']) {
    this.#logger = logger
  }

  /** `session`: on which `bytes` of `part` were written. */
  wrote(lanes: Lanes, session: Session, part: string, bytes: number): void {
    const unflushed = (this.#unflushed.get(part) ?? 0) + bytes
    this.#unflushed.set(part, unflushed)
    if (unflushed < STEP || this.#running.has(part)) return
    const lane = lanes.beside(session)
    if (lane === undefined) return
    this.#unflushed.set(part, 0)
    this.#running.add(part)
    void this.#flush(lane.session, part).finally(() => {
      this.#running.delete(part)
      lane.release()
    })
  }

  forget(part: string): void {
    this.#unflushed.delete(part)
  }

  /** What fails here fails again in the flush at the end, which is the one that counts. The part may have got its name by now. */
  async #flush(session: Session, part: string): Promise<void> {
    try {
      await withHandle(session, part, 'read', (handle) => session.fsync(handle))
    } catch (error) {
      this.#logger.debug({ err: error }, `Could not flush ${part} yet`)
    }
  }
}
