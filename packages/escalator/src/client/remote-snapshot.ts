import type { CallOptions, DatabaseReader, Snapshot } from '../database.ts'
import { joinKeys, type Key } from '../wire/key.ts'
import { type ReaderOptions, RemoteReader } from './remote-reader.ts'

/** Takes a snapshot on the server. It is that of the moment at which this was called, in the order of the calls. */
export async function takeSnapshot(options: ReaderOptions, call?: CallOptions): Promise<Snapshot> {
  const snapshot = options.channel.newNumber()
  // Again on another connection: nobody has read from the lost one yet.
  await options.channel.read(['snapshot', options.database, snapshot], call)
  return new RemoteSnapshot({ ...options, snapshot })
}

class RemoteSnapshot extends RemoteReader implements Snapshot {
  #options: ReaderOptions
  #open = true

  constructor(options: ReaderOptions) {
    super(options)
    this.#options = options
  }

  prefixed<E>(prefix: Key): DatabaseReader<E> {
    return new RemoteReader({ ...this.#options, prefix: joinKeys(this.#options.prefix, prefix) })
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#options.channel.end(['endSnapshot', this.#options.snapshot])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
