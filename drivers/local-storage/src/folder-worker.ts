import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Channel, type Envelope } from './channel.ts'
import { type PlainFailure, plainFailure } from './failure.ts'
import type { MainMethods, WorkerMethods } from './messages.ts'

/** Small heaps: what the worker keeps for long is the index, and young garbage is collected before it grows. */
const LIMITS = { maxYoungGenerationSizeMb: 2 }

export interface FolderWorker {
  readonly channel: Channel<WorkerMethods, MainMethods>
  close(): Promise<void>
}

/** Starts the worker thread. `onExit` is told when it ends without having been asked to. */
export function startFolderWorker(
  methods: MainMethods,
  toError: (failure: PlainFailure) => Error,
  onExit: (error: Error) => void,
): FolderWorker {
  // The sources are run by the tests only; the worker is always the built one.
  const url = import.meta.url.endsWith('.ts') ? '../dist/worker.js' : './worker.js'
  const worker = new Worker(new URL(url, import.meta.url), { resourceLimits: LIMITS })
  const channel = new Channel<WorkerMethods, MainMethods>(worker, { methods, toPlain: plainFailure, toError })
  let failure: Error | undefined
  let closing: Promise<void> | undefined
  worker.on('message', (envelope: Envelope) => channel.receive(envelope))
  worker.on('error', (error) => {
    failure = error
  })
  worker.on('exit', (status) => {
    const reason = failure ?? new Error(`The worker of local-storage ended with status ${status}`)
    channel.close(closing === undefined ? reason : new Error('The driver is closed'))
    if (closing === undefined) onExit(reason)
  })
  const stop = async () => {
    await channel.call('close', null)
    const ended = once(worker, 'exit')
    await worker.terminate()
    await ended
  }
  return {
    channel,
    close: () => {
      closing ??= stop()
      return closing
    },
  }
}
