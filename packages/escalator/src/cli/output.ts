import { once } from 'node:events'

/**
 * Writes to stdout in order, and waits while the reader does not keep up, so that a long range takes no memory.
 * @throws the EPIPE of a reader that is gone
 */
export interface Output {
  write(chunk: string | Uint8Array): Promise<void>
  /** Until all of it is written. */
  end(): Promise<void>
}

/** Small writes are collected up to so many characters. */
const CHUNK = 32 * 1024

export function createOutput(stream: NodeJS.WriteStream = process.stdout): Output {
  let collected = ''
  let failure: Error | undefined
  // Stays for the life of the process: a reader may also go after the last write.
  stream.on('error', (error) => {
    failure = error
  })
  const flush = async (chunk: string | Uint8Array) => {
    if (failure !== undefined) throw failure
    if (chunk.length > 0 && !stream.write(chunk)) await once(stream, 'drain')
  }
  const flushCollected = async () => {
    const chunk = collected
    collected = ''
    await flush(chunk)
  }
  return {
    async write(chunk) {
      if (typeof chunk !== 'string') {
        await flushCollected()
        return flush(chunk)
      }
      collected += chunk
      if (collected.length >= CHUNK) await flushCollected()
    },
    end: flushCollected,
  }
}
