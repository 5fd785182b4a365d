import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { fromWireError, OnituError } from '@onitu/protocol'
import * as v from 'valibot'

export interface ChildOptions {
  /** For messages. */
  readonly name: string
  /** The file URL of the entry. */
  readonly module: string
  /** The first message: plain data. */
  readonly configuration: unknown
  /** ms until `ready`; one that is not ready then is killed. */
  readonly readyTimeout: number
  /** ms from the wish to stop until SIGKILL; SIGTERM comes at half of it. */
  readonly grace: number
  /** A line that the process wrote; `stderr` is for what went wrong. */
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void
}

/** How a process ended. */
export interface Exit {
  /** Why it failed, in a sentence; empty after a stop that was asked for, or a gentle end. */
  readonly reason: string
  /** The same again cannot work. */
  readonly configuration: boolean
  /** By SIGKILL from outside. */
  readonly killed: boolean
}

export interface Child {
  readonly pid: number | undefined
  /** True once it is ready, false when it ended before. */
  readonly ready: Promise<boolean>
  /** Settles when the process is gone. Never rejects. */
  readonly exited: Promise<Exit>
  /** Asks it to end, by message, then SIGTERM, then SIGKILL. Resolves when it is gone. May be called again. */
  stop(): Promise<void>
  kill(): void
}

/**
 * MB. The young generation may else grow to 48 MB in each process. With 1 MB, a third of the time of a large copy went into
 * collecting garbage that survived only because it was moved on too early. Contents that pass through a process count as old: below
 * 64 MB of that nothing is collected. With 32 MB, of which the chunks on their way take 24, a small heap was marked anew for every 18 MB of a large
 * file, which was a quarter of the processor time; 96 MB were no faster.
 */
const MEMORY_FLAGS = ['--max-semi-space-size=4', '--initial-old-space-size=64']
/**
 * Nine times V8's own: code is optimized when it has run so much. A quarter of what the first thousand files cost a hub that was just started was that, five
 * processes at it at once, on few processors; with this the first load costs a quarter less, and 10,000 files no more. Not for
 * Node 22 and later, of which V8 has another compiler in between, and where nobody has measured it.
 */
const COMPILER_FLAGS = Number(process.versions.node.split('.')[0]) < 22 ? ['--interrupt-budget=600000'] : []
/**
 * Bytes, for the allocator of glibc; others do not look at them. The buffer of a chunk, freed, stays with the process for the next chunk: given back to
 * the system it would come again as pages to be cleared, which cost a seventh to a quarter of the processor time of a large copy. What is more than 16 MiB is given back.
 */
const MEMORY_SETTINGS = { MALLOC_MMAP_THRESHOLD_: '4194304', MALLOC_TRIM_THRESHOLD_: '16777216' }
/** ms */
const LAST_WORDS = 500

const messageSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('failed'), error: v.unknown(), configuration: v.boolean() }),
])

/**
 * Forks a process of Onitu and hands it its configuration (see runProcess of @onitu/escalator). It runs with its own
 * IPC channel and ends by itself when that closes, which is how it learns that the launcher is gone.
 */
export function startChild(options: ChildOptions): Child {
  // Not the launcher's own execArgv: debugger ports and loaders are not for its children.
  const child = fork(fileURLToPath(options.module), [], {
    execArgv: [...MEMORY_FLAGS, ...COMPILER_FLAGS],
    env: { ...MEMORY_SETTINGS, ...process.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  return new ForkedChild(child, options)
}

class ForkedChild implements Child {
  readonly pid: number | undefined
  readonly ready: Promise<boolean>
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #options: ChildOptions
  #failure: OnituError | undefined
  #configuration = false
  #stopping = false
  #gone = false
  #timers: NodeJS.Timeout[] = []
  #setReady: (ready: boolean) => void = () => undefined

  constructor(child: ChildProcess, options: ChildOptions) {
    this.#child = child
    this.#options = options
    this.pid = child.pid
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve
    })
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(this.#ended(`could not be started: ${error.message}`)))
      child.once('exit', (code, signal) => {
        // What it said last may still be on its way; something it started may hold the pipes open for ever.
        const end = () => resolve(this.#ended(describeExit(code, signal), signal === 'SIGKILL'))
        child.once('close', end)
        this.#after(LAST_WORDS, end)
      })
    })
    child.on('message', (message) => this.#receive(message))
    forwardLines(child.stdout, (line) => options.onLine(line, 'stdout'))
    forwardLines(child.stderr, (line) => options.onLine(line, 'stderr'))
    this.#send(options.configuration)
    this.#limitStart()
  }

  async stop(): Promise<void> {
    if (!this.#stopping && !this.#gone) {
      this.#stopping = true
      this.#send({ type: 'stop' })
      this.#after(this.#options.grace / 2, () => this.#child.kill('SIGTERM'))
      this.#after(this.#options.grace, () => this.#child.kill('SIGKILL'))
    }
    await this.exited
  }

  kill(): void {
    this.#stopping = true
    if (!this.#gone) this.#child.kill('SIGKILL')
  }

  #limitStart(): void {
    const { name, readyTimeout } = this.#options
    this.#after(readyTimeout, () => {
      this.#failure ??= new OnituError('START_TIMEOUT', `${name} was not ready after ${readyTimeout / 1000} s`)
      this.#child.kill('SIGKILL')
    })
  }

  #receive(message: unknown): void {
    const { success, output } = v.safeParse(messageSchema, message)
    if (!success) {
      this.#options.onLine(`sent an unknown message: ${JSON.stringify(message)}`, 'stderr')
      return
    }
    if (output.type === 'failed') {
      this.#failure = fromWireError(output.error)
      this.#configuration = output.configuration
      return
    }
    if (this.#stopping) return
    this.#clearTimers()
    this.#setReady(true)
  }

  #ended(how: string, killed = false): Exit {
    this.#gone = true
    this.#clearTimers()
    this.#setReady(false)
    if (this.#child.connected) this.#child.disconnect()
    const reason = this.#failure?.message ?? (this.#stopping ? '' : how)
    const fromOutside = killed && this.#failure === undefined && !this.#stopping
    return { reason, configuration: this.#configuration, killed: fromOutside }
  }

  #send(message: unknown): void {
    if (!this.#child.connected) return
    // A message that cannot be delivered means that the process is ending, which its exit tells better.
    this.#child.send(message as object, (error) => {
      if (error !== null && !this.#gone && this.#child.connected) {
        this.#options.onLine(`could not be sent a message: ${error.message}`, 'stderr')
      }
    })
  }

  #after(delay: number, action: () => void): void {
    this.#timers.push(setTimeout(action, delay))
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }
}

function forwardLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream === null) return
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `was ended by ${signal}`
  return code === 0 ? 'ended by itself' : `ended with status ${code}`
}
