import { type Memory, median, type Result } from './result.ts'

/** The tool that the others are compared with. */
const reference = 'cp -a'

export function resultTable(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.task,
    result.tool,
    duration(median(result.times)),
    `${duration(Math.min(...result.times))} - ${duration(Math.max(...result.times))}`,
    speed(result),
    ratio(result, results),
  ])
  return markdownTable(['task', 'tool', 'median', 'range', 'speed', `times ${reference}`], rows)
}

export function memoryTable(memory: readonly Memory[]): string {
  const rows = memory.map(({ task, process, resident, peak }) => [task, process, resident.toFixed(0), peak.toFixed(0)])
  return markdownTable(['after', 'process', 'resident, MB', 'peak, MB'], rows)
}

function ratio(result: Result, results: readonly Result[]): string {
  const other = results.find(({ task, tool }) => task === result.task && tool === reference)
  return other === undefined ? '' : (median(result.times) / median(other.times)).toFixed(1)
}

function speed({ times, amount }: Result): string {
  return amount === undefined ? '' : `${((amount.number / median(times)) * 1000).toFixed(0)} ${amount.unit}/s`
}

function duration(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`
    : `${(milliseconds / 1000).toFixed(2)} s`
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
