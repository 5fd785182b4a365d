import { isOnituError, OnituError, type OnituErrorOptions, toWireError, type WireError } from '@onitu/protocol'

/** What `start` gives back. */
export interface Running {
  /** Ends gently. Called once. */
  close(): Promise<void>
  /** Settles when the work ends by itself: fulfilled ends the process with 0, rejected is reported and ends it with 1. */
  readonly finished?: Promise<void>
}

export interface ProcessOptions {
  /**
   * `configuration` is the first IPC message, unchecked. The signal is aborted when the process is asked to stop
   * before it is ready. A thrown ConfigurationError is reported as one, and the process is not restarted.
   */
  readonly start: (configuration: unknown, signal: AbortSignal) => Promise<Running>
}

/** What a process answers to the one that forked it. */
export type ProcessMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: WireError; readonly configuration: boolean }

/** The configuration is wrong: the same again cannot work. */
export class ConfigurationError extends OnituError {
  constructor(code: string, message: string, options: OnituErrorOptions = {}) {
    super(code, message, { ...options, details: { ...options.details, configuration: true } })
  }
}

/** ms. Closing may hang; the process must not stay behind for that. */
const CLOSING_DEADLINE = 20_000
/** The parent was killed, and with it all that a gentle end would talk to. Nobody is there to wait for it, and a successor is. */
const ORPHAN_DEADLINE = 3_000

/**
 * The life of a forked process of Onitu. Its first IPC message is the configuration; it answers `ready` or `failed`.
 * It ends gently on `{ type: 'stop' }`, on SIGTERM, and when the IPC channel closes (its parent was killed). SIGINT is
 * ignored: a terminal sends it to all processes at once, and the parent coordinates.
 */
export function runProcess({ start }: ProcessOptions): void {
  const stopping = new AbortController()
  let life: Promise<Running> | undefined
  let ending = false

  const end = async (failure?: unknown) => {
    if (ending) return
    ending = true
    stopping.abort(new OnituError('CLOSED', 'The process was asked to stop'))
    setTimeout(() => process.exit(1), CLOSING_DEADLINE).unref()
    const closing = await closeFailure(life)
    // What made the process end says more than what then went wrong in closing.
    const error = failure ?? closing
    if (error !== undefined) await tell(failed(error))
    process.exit(error === undefined ? 0 : 1)
  }

  const begin = async (configuration: unknown) => {
    try {
      life = start(configuration, stopping.signal)
      const running = await life
      if (ending) return
      await tell({ type: 'ready' })
      if (running.finished === undefined) return
      await running.finished
      await end()
    } catch (error) {
      await end(error)
    }
  }

  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => void end())
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), ORPHAN_DEADLINE).unref()
    void end()
  })
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error.stack ?? String(error)}\n`)
    void end(error)
  })
  process.on('message', (message) => {
    if (isStopMessage(message)) void end()
    else if (life === undefined) void begin(message)
  })
  if (!process.connected) void end(new OnituError('NOT_FORKED', 'This file is an entry for child_process.fork'))
}

/** Closes what runs. Gives what went wrong, unless it is only that the start was given up. */
async function closeFailure(life: Promise<Running> | undefined): Promise<unknown> {
  try {
    await (await life)?.close()
    return undefined
  } catch (error) {
    return isOnituError(error) && error.code === 'CLOSED' ? undefined : error
  }
}

function isStopMessage(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'stop'
}

function failed(error: unknown): ProcessMessage {
  const wire = toWireError(error)
  return { type: 'failed', error: wire, configuration: wire.details.configuration === true }
}

/** Waits until the message is on its way; a parent that is gone needs no answer. */
function tell(message: ProcessMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || process.send === undefined) {
      if (message.type === 'failed') process.stderr.write(`${message.error.code}: ${message.error.message}\n`)
      return resolve()
    }
    process.send(message, undefined, {}, () => resolve())
  })
}
