import { setMaxListeners } from 'node:events'

/** What one transfer has asked for ahead, at most; two chunks whatever their size. */
const WINDOW_BYTES = 24 * 1024 * 1024
const WINDOW_CHUNKS = 16

export interface ChunkRange {
  readonly offset: number
  readonly size: number
}

/** Bytes that one transfer has asked for ahead. */
export function windowBytes(chunkSize: number): number {
  return chunksAhead(chunkSize) * chunkSize
}

function chunksAhead(chunkSize: number): number {
  return Math.max(2, Math.min(WINDOW_CHUNKS, Math.floor(WINDOW_BYTES / chunkSize)))
}

/**
 * The chunks of a content from `start` to `end`, in order, while the next ones are on their way. Leaving the loop or a
 * failure gives up those requests through their signal.
 */
export async function* streamChunks(
  range: { readonly start: number; readonly end: number; readonly chunkSize: number },
  request: (chunk: ChunkRange, signal: AbortSignal) => Promise<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly offset: number; readonly chunk: Uint8Array }> {
  const { end, chunkSize } = range
  const ahead = chunksAhead(chunkSize)
  const controller = new AbortController()
  // Each chunk that is on its way listens, in several layers; Node takes more than ten listeners for a leak.
  setMaxListeners(0, controller.signal)
  const stop = () => controller.abort(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  // As outcomes: a failure behind the first chunk must not count as unhandled before its turn.
  const waiting: { offset: number; answer: Promise<Outcome> }[] = []
  let next = range.start
  try {
    for (;;) {
      while (waiting.length < ahead && next < end) {
        const size = Math.min(chunkSize, end - next)
        waiting.push({ offset: next, answer: outcome(request({ offset: next, size }, controller.signal)) })
        next += size
      }
      const first = waiting.shift()
      if (first === undefined) return
      const answer = await first.answer
      if (!answer.ok) throw answer.error
      yield { offset: first.offset, chunk: answer.chunk }
    }
  } finally {
    controller.abort(signal.aborted ? signal.reason : new Error('The rest of the content is not needed'))
    signal.removeEventListener('abort', stop)
    await Promise.all(waiting.map(({ answer }) => answer))
  }
}

type Outcome = { readonly ok: true; readonly chunk: Uint8Array } | { readonly ok: false; readonly error: unknown }

function outcome(request: Promise<Uint8Array>): Promise<Outcome> {
  return request.then(
    (chunk) => ({ ok: true, chunk }),
    (error: unknown) => ({ ok: false, error }),
  )
}
