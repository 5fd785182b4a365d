/** One thing that was measured, by one tool. */
export interface Result {
  /** What was done; results of one task are compared. */
  readonly task: string
  readonly tool: string
  /** Each run, in ms. */
  readonly times: readonly number[]
  /** What a second is worth, if the speed is of interest: files or MB in the task. */
  readonly amount?: { readonly number: number; readonly unit: string }
}

/** Resident memory of a process, in MB (10^6 bytes). */
export interface Memory {
  readonly task: string
  readonly process: string
  readonly resident: number
  /** The most there was since the process began. */
  readonly peak: number
}

/** What one case gives. */
export interface Report {
  readonly results: readonly Result[]
  readonly memory: readonly Memory[]
}

/** @throws TypeError when there is none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  if (low === undefined || high === undefined) throw new TypeError('The median of no values')
  return (low + high) / 2
}
