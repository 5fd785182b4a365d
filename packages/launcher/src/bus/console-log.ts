import type { OnituEvent } from '@onitu/protocol'
import pico from 'picocolors'
import type { DescribedEvent } from './described-event.ts'
import { DEBUG, formatLine, INFO, WARN } from './format-line.ts'
import { createLiveLine, type LiveLine } from './live-line.ts'

export interface Console {
  show(events: readonly DescribedEvent[]): void
  close(): void
}

/** A line for each event on an output that is no terminal (a file, a pipe, a service manager). */
export function plainConsole(output: NodeJS.WritableStream, debug: boolean): Console {
  return {
    show(events) {
      const lines = events.flatMap((described) => (isShown(described, debug) ? [`${formatLine(described)}\n`] : []))
      if (lines.length > 0) output.write(lines.join(''))
    },
    close() {},
  }
}

/** On a terminal: what goes wrong and what the processes do as lines, files as one live line of counts (all as lines with `debug`). */
export function terminalConsole(output: NodeJS.WriteStream, debug: boolean): Console {
  const live: LiveLine = createLiveLine(output)
  const show = (described: DescribedEvent) => {
    const { event, description } = described
    live.count(event)
    if (!isShown(described, debug)) return
    if (!debug && description.level < WARN && !isAboutProcesses(event)) return
    live.above(colour(formatLine(described), description.level))
  }
  return {
    show: (events) => events.forEach(show),
    close: () => live.close(),
  }
}

function isShown({ event, description }: DescribedEvent, debug: boolean): boolean {
  return description.level >= (debug ? DEBUG : INFO) && event.type !== 'progress'
}

function isAboutProcesses(event: OnituEvent): boolean {
  return /^(session|service)_|_(started|stopped|state)$|^log$/.test(event.type) && !event.type.startsWith('transfer_')
}

function colour(line: string, level: number): string {
  if (level >= 50) return pico.red(line)
  if (level >= WARN) return pico.yellow(line)
  return level <= DEBUG ? pico.dim(line) : line
}
