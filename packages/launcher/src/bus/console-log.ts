import { describeEvent, type OnituEvent } from '@onitu/protocol'
import pico from 'picocolors'
import { DEBUG, formatLine, INFO, WARN } from './format-line.ts'
import { createLiveLine, type LiveLine } from './live-line.ts'

export interface Console {
  show(event: OnituEvent): void
  close(): void
}

/** A line for each event on an output that is no terminal (a file, a pipe, a service manager). */
export function plainConsole(output: NodeJS.WritableStream, debug: boolean): Console {
  return {
    show(event) {
      const description = describeEvent(event)
      if (!isShown(event, description.level, debug)) return
      output.write(`${formatLine(event, description)}\n`)
    },
    close() {},
  }
}

/** On a terminal: what goes wrong and what the processes do as lines, files as one live line of counts (all as lines with `debug`). */
export function terminalConsole(output: NodeJS.WriteStream, debug: boolean): Console {
  const live: LiveLine = createLiveLine(output)
  return {
    show(event) {
      live.count(event)
      const description = describeEvent(event)
      if (!isShown(event, description.level, debug)) return
      if (!debug && description.level < WARN && !isAboutProcesses(event)) return
      live.above(colour(formatLine(event, description), description.level))
    },
    close: () => live.close(),
  }
}

function isShown(event: OnituEvent, level: number, debug: boolean): boolean {
  return level >= (debug ? DEBUG : INFO) && event.type !== 'progress'
}

function isAboutProcesses(event: OnituEvent): boolean {
  return /^(session|service)_|_(started|stopped|state)$|^log$/.test(event.type) && !event.type.startsWith('transfer_')
}

function colour(line: string, level: number): string {
  if (level >= 50) return pico.red(line)
  if (level >= WARN) return pico.yellow(line)
  return level <= DEBUG ? pico.dim(line) : line
}
