import { ServiceError } from '@onitu/plug'

/** How often it is looked whether the server still answers, ms. */
const WATCH = 250
/** A server that has answered once within so many ms is near: content on its way is not on the way, but waits in its memory. */
const NEAR = 5
/**
 * Bytes of content that wait for a near server: enough to keep it at work. OpenSSH enlarges its buffer by 32 KiB at a time, and each time moves all that is in it to
 * new memory: for the 2 MiB that a channel takes, it stood still for up to a second of each connection's first large file.
 */
const NEAR_CONTENT = 1024 * 1024

/** Something that the server has to answer. */
export interface Asked {
  /** Bytes of content that go with it. */
  readonly content: number
  readonly send: () => void
  readonly failed: (error: unknown) => void
}

interface RequestQueueOptions {
  /** ms without any answer, after which the server is given up. */
  readonly timeout: number
  /** Requests that are on their way at most. */
  readonly limit: number
  readonly now?: () => number
}

/** What the server has to answer: so much at once, in the order in which it was asked, and for so long as it answers anything at all. */
export class RequestQueue {
  readonly #limit: number
  readonly #timeout: number
  readonly #now: () => number
  readonly #silent: (reason: Error) => void
  /** With the time at which they were sent. */
  readonly #asked = new Map<Asked, number>()
  /** What waits for one of those to be answered. */
  readonly #waiting: Asked[] = []
  #content = 0
  /** ms that the fastest answer took. */
  #fastest = Number.POSITIVE_INFINITY
  #answeredAt = 0
  #ended: Error | undefined
  #timer: NodeJS.Timeout | undefined

  /** `silent`: nothing was answered for too long. */
  constructor({ limit, timeout, now = () => performance.now() }: RequestQueueOptions, silent: (reason: Error) => void) {
    this.#limit = limit
    this.#timeout = timeout
    this.#now = now
    this.#silent = silent
  }

  get isEnded(): boolean {
    return this.#ended !== undefined
  }

  /** At once, or when there is room. */
  add(asked: Asked): void {
    if (this.#ended !== undefined) asked.failed(this.#ended)
    else if (this.#waiting.length > 0 || !this.#hasRoom(asked)) this.#waiting.push(asked)
    else this.#send(asked)
  }

  /** It is answered. */
  over(asked: Asked): void {
    const sentAt = this.#asked.get(asked)
    if (sentAt === undefined) return
    this.#answeredAt = this.#now()
    this.#fastest = Math.min(this.#fastest, this.#answeredAt - sentAt)
    this.#asked.delete(asked)
    this.#content -= asked.content
    this.#sendWaiting()
  }

  /** Fails all that waits, and all that is asked later. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    clearInterval(this.#timer)
    const unanswered = [...this.#asked.keys(), ...this.#waiting.splice(0)]
    this.#asked.clear()
    for (const { failed } of unanswered) failed(reason)
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#send(next)
    }
  }

  /** What is larger than all the room there may be goes alone. */
  #hasRoom({ content }: Asked): boolean {
    if (this.#asked.size >= this.#limit) return false
    return content === 0 || this.#content === 0 || this.#content + content <= mostContent(this.#fastest)
  }

  #send(asked: Asked): void {
    this.#watch()
    this.#asked.set(asked, this.#now())
    this.#content += asked.content
    asked.send()
  }

  /** The server is waited for as long as it answers anything at all. */
  #watch(): void {
    if (this.#asked.size === 0) this.#answeredAt = this.#now()
    this.#timer ??= setInterval(() => this.#check(), WATCH).unref()
  }

  #check(): void {
    if (this.#asked.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else if (this.#now() - this.#answeredAt > this.#timeout) {
      this.#silent(new ServiceError('NO_ANSWER', `The server has not answered for ${this.#timeout} ms`))
    }
  }
}

/** Bytes of content that may be on their way. Over a long way as many as the requests and the channel allow. */
function mostContent(fastest: number): number {
  return fastest <= NEAR ? NEAR_CONTENT : Number.POSITIVE_INFINITY
}
