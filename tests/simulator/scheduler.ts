import { createRandom, type Random } from '../support/random.ts'
import type { FaultKind } from './fault-kinds.ts'

/** Whatever may be killed: what it still had to do then never happens. */
export interface Owner {
  readonly name: string
  alive: boolean
}

export interface Step {
  readonly owner: Owner
  readonly label: string
  readonly run: () => void
  /** What may still happen to the world when the owner is killed before: a request that is on its way already. */
  readonly orphan?: (() => void) | undefined
}

interface Timer {
  readonly owner: Owner
  readonly at: number
  readonly callback: () => void
}

/** ms since 1970: when every simulation begins. */
const BEGINNING = 1_700_000_000_000
const TRACE_LENGTH = 400

/**
 * One thing happens at a time, and chance says which. Time is virtual: it creeps on with each step, and jumps to the next
 * timer when nothing else can happen. Equal seeds give equal runs.
 */
export class Scheduler {
  readonly random: Random
  /** ms since the beginning; never goes back. */
  elapsed = 0
  /** ms by which the clock on the wall is wrong. */
  skew = 0
  turns = 0
  /** Of all that happened so far. */
  hash = 0x811c9dc5
  readonly trace: string[] = []
  /** How often each kind of thing went wrong. */
  readonly happened = new Map<FaultKind, number>()
  readonly #traceAll: boolean
  #steps: Step[] = []
  #timers: Timer[] = []

  constructor(seed: number, traceAll = false) {
    this.random = createRandom(seed)
    this.#traceAll = traceAll
  }

  now(): number {
    return BEGINNING + this.elapsed + this.skew
  }

  get pending(): number {
    return this.#steps.length
  }

  post(owner: Owner, label: string, run: () => void, orphan?: () => void): void {
    if (owner.alive) this.#steps.push({ owner, label, run, orphan })
  }

  after(owner: Owner, ms: number, callback: () => void): () => void {
    if (!owner.alive) return () => undefined
    const timer = { owner, at: this.elapsed + Math.max(ms, 1), callback }
    let at = this.#timers.length
    while (at > 0 && (this.#timers[at - 1]?.at ?? 0) > timer.at) at--
    this.#timers.splice(at, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** A promise that is settled by a later step. */
  call<T>(owner: Owner, label: string, act: () => T, orphan?: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(act())
        } catch (error) {
          reject(error)
        }
      }
      this.post(owner, label, run, orphan)
    })
  }

  /** What its owner had asked for and is not done may be done all the same, from the first to some last one. */
  kill(owner: Owner): void {
    owner.alive = false
    const steps = this.#steps.filter((step) => step.owner === owner)
    this.#steps = this.#steps.filter((step) => step.owner !== owner)
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner)
    const done = steps.slice(0, this.random.below(steps.length + 1))
    for (const { orphan } of done) orphan?.()
  }

  count(kind: FaultKind): void {
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1)
  }

  note(line: string): void {
    for (let at = 0; at < line.length; at++) this.hash = Math.imul(this.hash ^ line.charCodeAt(at), 0x01000193) >>> 0
    if (this.#traceAll || this.trace.length < TRACE_LENGTH) this.trace.push(line)
    else {
      this.trace.shift()
      this.trace.push(line)
    }
  }

  /** Lets one thing happen. False when nothing ever will. */
  async turn(): Promise<boolean> {
    await drained()
    this.turns += 1
    this.elapsed += this.random.below(3)
    const timer = this.#timers[0]
    const isDue = timer !== undefined && timer.at <= this.elapsed
    const takesTimer = timer !== undefined && (this.#steps.length === 0 || this.random.chance(isDue ? 0.3 : 0.01))
    if (takesTimer) {
      this.#timers.shift()
      this.elapsed = Math.max(this.elapsed, timer.at)
      this.note(`${this.elapsed} timer of ${timer.owner.name}`)
      timer.callback()
      return true
    }
    const index = this.random.below(this.#steps.length)
    const step = this.#steps[index]
    if (step === undefined) return false
    this.#steps.splice(index, 1)
    this.note(`${this.elapsed} ${step.label}`)
    step.run()
    return true
  }
}

/** Resolves when everything that follows from the last step has run. */
export function drained(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
