import { createStream } from 'rotating-file-stream'
import type { DescribedEvent } from './described-event.ts'
import { DEBUG, INFO } from './format-line.ts'

export interface LogFile {
  write(events: readonly DescribedEvent[]): void
  /** What was written is in the file. May be called twice. */
  close(): Promise<void>
}

const SIZE = '10M'
const FILES = 5

/**
 * `onitu.log` in `directory`: a JSON object per line (`level` and `time` as pino writes them, `channel`, `msg`, and the event
 * itself), rotated. `onError` hears of a log that cannot be written; the session goes on without it.
 */
export function openLogFile(directory: string, debug: boolean, onError: (error: Error) => void): LogFile {
  const stream = createStream('onitu.log', { path: directory, size: SIZE, maxFiles: FILES, history: '.history' })
  let failed = false
  stream.on('error', (error) => {
    if (!failed) onError(error)
    failed = true
  })
  stream.on('warning', onError)
  let closing: Promise<void> | undefined
  return {
    write(events) {
      if (failed || closing !== undefined) return
      const lines = events.flatMap((event) => logLine(event, debug ? DEBUG : INFO) ?? [])
      if (lines.length > 0) stream.write(lines.join(''))
    },
    close() {
      closing ??= failed ? Promise.resolve() : new Promise((resolve) => stream.end(() => resolve()))
      return closing
    },
  }
}

/** Undefined when it is not for the file. */
export function logLine({ event, description }: DescribedEvent, least: number): string | undefined {
  const { channel, level, message } = description
  if (level < least || event.type === 'progress') return undefined
  // JSON leaves out what is undefined. To copy all fields but one takes V8 several times as long.
  const fields = { ...event, time: undefined }
  return `${JSON.stringify({ level, time: event.time, channel, msg: message, event: fields })}\n`
}
