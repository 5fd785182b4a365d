import { median } from '../result.ts'
import type { Candidate } from './store.ts'
import type { Task } from './tasks.ts'

/** The figures of one task: those of each run, by candidate. */
export interface TaskResult {
  readonly task: Task
  readonly figures: ReadonlyMap<Candidate, readonly number[]>
}

export interface ServerMemory {
  readonly candidate: Candidate
  readonly idle: number
  readonly afterwards: number
}

/** Medians, and how many times as fast (or as long) the first candidate is. */
export function resultTable(results: readonly TaskResult[], candidates: readonly Candidate[]): string {
  const [reference, ...others] = candidates
  const head = ['task', ...candidates, ...others.map((other) => `${reference} : ${other}`)]
  const rows = results.map(({ task, figures }) => {
    const medians = candidates.map((candidate) => medianOf(figures.get(candidate)))
    const [own, ...theirs] = medians
    return [
      task.name,
      ...medians.map((value) => (value === undefined ? '' : show(value, task))),
      ...theirs.map((their) => (own === undefined || their === undefined ? '' : (own / their).toFixed(2))),
    ]
  })
  return table(head, rows)
}

export function memoryTable(memory: readonly ServerMemory[]): string {
  const rows = memory.map(({ candidate, idle, afterwards }) => [candidate, idle.toFixed(0), afterwards.toFixed(0)])
  return table(['server process', 'idle, MB', 'after the tasks, MB'], rows)
}

function medianOf(figures: readonly number[] | undefined): number | undefined {
  return figures === undefined || figures.length === 0 ? undefined : median(figures)
}

function show(value: number, { unit }: Task): string {
  return unit === 'ms' ? `${value.toFixed(2)} ms` : `${Math.round(value).toLocaleString('en')}/s`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
