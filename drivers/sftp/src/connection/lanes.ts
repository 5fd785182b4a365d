import type { Session } from './session.ts'

/** A session that somebody reads or writes on. */
export interface Lane {
  readonly session: Session
  /** May be called twice. */
  release(): void
}

/** Channels for contents, with the first one. OpenSSH allows 10 for one connection by default; four are a tenth slower where many small files are flushed. */
const MOST = 8
/** With more holders than that on each lane others are opened. */
const CROWDED = 2

interface Opened {
  readonly session: Session
  holders: number
}

/**
 * The sessions of one connection on which contents go. A server does what comes in on one channel in order, and stands still while the disk takes
 * a file; over several channels it has the disk take several at once. And of what it sends, no more than 2 MiB are on their way on each channel, which is little over a
 * long way. They are opened when they are needed, the first one is there for everything.
 */
export class Lanes {
  /** The channel for everything. */
  readonly first: Session
  readonly #lanes: [Opened, ...Opened[]]
  readonly #open: () => Promise<Session>
  readonly #refused: (error: unknown) => void
  #most = MOST
  /** Those that are on their way. */
  #opening = 0

  /** `refused` is told once why there are no more of them. */
  constructor(first: Session, open: () => Promise<Session>, refused: (error: unknown) => void) {
    this.first = first
    this.#lanes = [{ session: first, holders: 0 }]
    this.#open = open
    this.#refused = refused
  }

  /** The one with the fewest holders. */
  take(): Lane {
    const holders = this.#lanes.reduce((sum, { holders }) => sum + holders, 1)
    this.#widen(Math.ceil(holders / CROWDED))
    return hold(fewest(this.#lanes))
  }

  /** Another one than that of `session`; undefined where there is none yet, or the server allows none. */
  beside(session: Session): Lane | undefined {
    const lane = fewest(this.#lanes.filter((one) => one.session !== session))
    if (lane !== undefined) return hold(lane)
    this.#widen(2)
    return undefined
  }

  async run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const lane = this.take()
    try {
      return await work(lane.session)
    } finally {
      lane.release()
    }
  }

  /** At once, and not one after the other: over a long way each takes a while. */
  #widen(wanted: number): void {
    while (this.#lanes.length + this.#opening < Math.min(wanted, this.#most)) {
      this.#opening++
      this.#open()
        .then(
          (session) => this.#lanes.push({ session, holders: 0 }),
          (error: unknown) => this.#refuse(error),
        )
        .finally(() => this.#opening--)
    }
  }

  #refuse(error: unknown): void {
    if (this.#most === 0) return
    this.#most = 0
    this.#refused(error)
  }
}

/** The first of those with the fewest holders. */
function fewest(lanes: readonly [Opened, ...Opened[]]): Opened
function fewest(lanes: readonly Opened[]): Opened | undefined
function fewest(lanes: readonly Opened[]): Opened | undefined {
  const [first, ...others] = lanes
  return others.reduce((best, one) => (best !== undefined && one.holders < best.holders ? one : best), first)
}

function hold(lane: Opened): Lane {
  lane.holders++
  let isHeld = true
  return {
    session: lane.session,
    release() {
      if (isHeld) lane.holders--
      isHeld = false
    },
  }
}
