import { describeEvent, type OnituEvent } from '@onitu/protocol'
import { createStream } from 'rotating-file-stream'
import { DEBUG, INFO } from './format-line.ts'

export interface LogFile {
  write(event: OnituEvent): void
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
    write(event) {
      const { channel, level, message } = describeEvent(event)
      if (failed || closing !== undefined || level < (debug ? DEBUG : INFO) || event.type === 'progress') return
      const { time, ...fields } = event
      stream.write(`${JSON.stringify({ level, time, channel, msg: message, event: fields })}\n`)
    },
    close() {
      closing ??= failed ? Promise.resolve() : new Promise((resolve) => stream.end(() => resolve()))
      return closing
    },
  }
}
