import { parentPort } from 'node:worker_threads'
import { Channel, type Envelope } from './channel.ts'
import { Failure, plainFailure } from './failure.ts'
import type { MainMethods, WorkerMethods } from './messages.ts'
import { LocalFolders } from './worker/local-folders.ts'

/*
 * The thread that touches the file system: it watches, scans, reads and writes, and owns the index. One thread for all of it, so that a write and the
 * notice of it can never cross; the main thread stays free for sockets.
 */

if (parentPort === null) throw new TypeError('This file is to be run as a worker thread')
const port = parentPort

const folders = new LocalFolders({
  report: (changes) => channel.call('report', changes),
  setAvailable: (folder, available, reason) =>
    channel.call('setAvailable', reason === undefined ? { folder, available } : { folder, available, reason }),
  listKnown: (folder) => channel.call('listKnown', folder),
  problem: (folder, path, code, reason) => tell(channel.call('problem', { folder, path, code, reason })),
  offer: (file, from) => channel.call('offer', { file, from }),
  log: (level, message) => tell(channel.call('log', { level, message })),
})

const channel: Channel<MainMethods, WorkerMethods> = new Channel<MainMethods, WorkerMethods>(port, {
  methods: folders.methods,
  toPlain: plainFailure,
  toError: ({ kind, code, message }) => new Failure(kind, code, message),
})

port.on('message', (envelope: Envelope) => channel.receive(envelope))

/** Nothing depends on the answer; that it fails is a mistake in this package and must show. */
function tell(call: Promise<unknown>): void {
  call.catch((error: unknown) => {
    throw error
  })
}
