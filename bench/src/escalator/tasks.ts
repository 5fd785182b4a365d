import type { Done, Work } from './work.ts'

/** A line of the table: what the client processes do at the same time. */
export interface Task {
  readonly name: string
  /** One for each client process. */
  readonly works: readonly Work[]
  /** What the table shows. */
  readonly measure: (done: readonly Done[]) => number
  readonly unit: 'per second' | 'ms'
}

const IN_FLIGHT = [1, 16, 64, 256]
const PROCESSES = 4

const speedTask = { measure: speed, unit: 'per second' } as const

export const tasks: readonly Task[] = [
  ...(['get', 'put'] as const).flatMap((type) => IN_FLIGHT.map((inFlight) => single(type, inFlight))),
  ...(['get', 'put'] as const).map(
    (type): Task => ({
      name: `${type}, ${PROCESSES} processes, 64 each`,
      works: Array.from({ length: PROCESSES }, () => ({ type, inFlight: 64 })),
      ...speedTask,
    }),
  ),
  { name: 'batches of 1,000 puts, 1 in flight', works: [{ type: 'putMany', inFlight: 1 }], ...speedTask },
  { name: 'batches of 1,000 puts, 4 in flight', works: [{ type: 'putMany', inFlight: 4 }], ...speedTask },
  { name: 'range of 100,000 entries', works: [{ type: 'scan' }], ...speedTask },
  {
    name: 'get, 99th percentile while another scans',
    works: [{ type: 'latency' }, { type: 'scan' }],
    measure: ([first]) => percentile(first?.latencies ?? [], 0.99),
    unit: 'ms',
  },
]

function single(type: 'get' | 'put', inFlight: number): Task {
  return { name: `${type}, ${inFlight} in flight`, works: [{ type, inFlight }], ...speedTask }
}

/** Operations per second of all clients together, from the first one's begin to the last one's end. */
function speed(done: readonly Done[]): number {
  const operations = done.reduce((sum, each) => sum + each.operations, 0)
  const duration = Math.max(...done.map(({ to }) => to)) - Math.min(...done.map(({ from }) => from))
  return (operations / duration) * 1000
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0
}
