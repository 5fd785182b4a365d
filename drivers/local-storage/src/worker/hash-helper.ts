import { Worker } from 'node:worker_threads'
import type { SharedBlocks } from './shared-blocks.ts'

/** ms without work after which the thread ends: it keeps some MB. */
const IDLE = 10_000

/** Small heap: it holds one buffer. */
const LIMITS = { maxYoungGenerationSizeMb: 1 }

/** A second thread for large files, started with the first of them. */
export class HashHelper {
  readonly #idleAfter: number
  #worker: Worker | undefined
  /** What the thread works on, in order. */
  readonly #waiting: (() => void)[] = []
  #idle: NodeJS.Timeout | undefined
  #closed = false

  constructor(idleAfter = IDLE) {
    this.#idleAfter = idleAfter
  }

  /** Resolves when the thread has nothing more to do with `blocks`: there is none to take, or it could not go on. */
  help(blocks: SharedBlocks): Promise<void> {
    if (this.#closed) return Promise.resolve()
    clearTimeout(this.#idle)
    this.#worker ??= this.#start()
    this.#worker.postMessage(blocks)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#worker?.terminate()
  }

  #start(): Worker {
    // The sources are run by the tests only; the thread is always the built one.
    const url = import.meta.url.endsWith('.ts') ? '../../dist/hashing-thread.js' : './hashing-thread.js'
    const worker = new Worker(new URL(url, import.meta.url), { resourceLimits: LIMITS })
    worker.unref()
    worker.on('message', () => this.#done())
    // A machine that has no room for one more thread: the other one does it all. The exit follows.
    worker.on('error', () => {})
    worker.on('exit', () => this.#ended(worker))
    return worker
  }

  #done(): void {
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0 || this.#closed) return
    this.#idle = setTimeout(() => void this.#worker?.terminate(), this.#idleAfter).unref()
  }

  #ended(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
