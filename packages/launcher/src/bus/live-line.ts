import type { EventOf, OnituEvent } from '@onitu/protocol'
import { formatBytes } from '../status/format-bytes.ts'

export interface LiveLine {
  count(event: OnituEvent): void
  /** Prints a line that stays, above the live one. */
  above(line: string): void
  close(): void
}

/** ms: often enough to look alive, rare enough not to cost anything. */
const REDRAW = 200
const CLEAR_LINE = '\r\u001b[2K'

/** One line at the bottom of a terminal while files are on their way: how many, how much, how fast, how many wait. */
export function createLiveLine(output: NodeJS.WriteStream): LiveLine {
  const services = new Map<string, EventOf<'progress'>>()
  let previous = { bytes: 0, time: Date.now() }
  let drawn = ''
  let changed = false

  const draw = () => {
    const total = sum(services.values())
    const now = Date.now()
    const speed = ((total.bytes - previous.bytes) * 1000) / Math.max(1, now - previous.time)
    if (!changed && drawn === '') return
    previous = { bytes: total.bytes, time: now }
    changed = false
    const line = total.active + total.waiting === 0 ? '' : describeProgress(total, Math.max(0, speed))
    // Some terminals (script, a few CI systems) say that they have no columns at all.
    const fitting = line.slice(0, (output.columns || 80) - 1)
    if (fitting === drawn) return
    drawn = fitting
    output.write(`${CLEAR_LINE}${fitting}`)
  }
  const timer = setInterval(draw, REDRAW)
  timer.unref()

  return {
    count(event) {
      if (event.type !== 'progress') return
      services.set(event.service, event)
      changed = true
    },
    above(line) {
      output.write(`${drawn === '' ? '' : CLEAR_LINE}${line}\n${drawn}`)
    },
    close() {
      clearInterval(timer)
      if (drawn !== '') output.write(CLEAR_LINE)
      drawn = ''
    },
  }
}

interface Progress {
  readonly files: number
  readonly bytes: number
  readonly active: number
  readonly waiting: number
}

export function sum(services: Iterable<Progress>): Progress {
  let total: Progress = { files: 0, bytes: 0, active: 0, waiting: 0 }
  for (const { files, bytes, active, waiting } of services) {
    total = {
      files: total.files + files,
      bytes: total.bytes + bytes,
      active: total.active + active,
      waiting: total.waiting + waiting,
    }
  }
  return total
}

/** `1,234 files, 56.7 MB done · 12.3 MB/s · 5 running, 40 waiting` */
export function describeProgress({ files, bytes, active, waiting }: Progress, bytesPerSecond: number): string {
  const done = `${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)} done`
  return `${done} · ${formatBytes(bytesPerSecond)}/s · ${active} running, ${waiting.toLocaleString('en')} waiting`
}
