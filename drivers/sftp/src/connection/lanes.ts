import type { Session } from './session.ts'

/** A session that somebody writes on. */
export interface Lane {
  readonly session: Session
  /** May be called twice. */
  release(): void
}

/** Channels for writing, with the first one. OpenSSH allows 10 for one connection by default; four are a tenth slower where many small files are flushed. */
const MOST = 8
/** From so many writers on a lane another one is opened. */
const CROWDED = 2

interface Opened {
  readonly session: Session
  writers: number
}

/**
 * The sessions of one connection on which files are written. A server does what comes in on one channel in order, and stands still while the disk takes
 * a file; over several channels it has the disk take several at once. They are opened when they are needed, the first one is there for everything.
 */
export class Lanes {
  /** The channel for everything. */
  readonly first: Session
  readonly #lanes: [Opened, ...Opened[]]
  readonly #open: () => Promise<Session>
  readonly #refused: (error: unknown) => void
  #most = MOST
  #isOpening = false

  /** `refused` is told once why there are no more of them. */
  constructor(first: Session, open: () => Promise<Session>, refused: (error: unknown) => void) {
    this.first = first
    this.#lanes = [{ session: first, writers: 0 }]
    this.#open = open
    this.#refused = refused
  }

  /** The one with the fewest writers. */
  take(): Lane {
    const lane = fewest(this.#lanes)
    if (lane.writers >= CROWDED) this.#widen()
    return hold(lane)
  }

  /** Another one than that of `session`; undefined where there is none yet, or the server allows none. */
  beside(session: Session): Lane | undefined {
    const lane = fewest(this.#lanes.filter((one) => one.session !== session))
    if (lane !== undefined) return hold(lane)
    this.#widen()
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

  #widen(): void {
    if (this.#isOpening || this.#lanes.length >= this.#most) return
    this.#isOpening = true
    this.#open()
      .then(
        (session) => this.#lanes.push({ session, writers: 0 }),
        (error: unknown) => {
          this.#most = this.#lanes.length
          this.#refused(error)
        },
      )
      .finally(() => {
        this.#isOpening = false
      })
  }
}

/** The first of those with the fewest writers. */
function fewest(lanes: readonly [Opened, ...Opened[]]): Opened
function fewest(lanes: readonly Opened[]): Opened | undefined
function fewest(lanes: readonly Opened[]): Opened | undefined {
  const [first, ...others] = lanes
  return others.reduce((best, one) => (best !== undefined && one.writers < best.writers ? one : best), first)
}

function hold(lane: Opened): Lane {
  lane.writers++
  let isHeld = true
  return {
    session: lane.session,
    release() {
      if (isHeld) lane.writers--
      isHeld = false
    },
  }
}
