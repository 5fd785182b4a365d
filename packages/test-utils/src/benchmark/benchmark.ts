import { BenchmarkData } from './benchmark-data.ts'
import { Timer } from './timer.ts'

export interface Measurement {
  readonly description?: string
  /** Of what `run` gives. Default `ms`. */
  readonly unit?: string
  /** Before each run, not measured. */
  readonly setup?: () => unknown
  /** A number that it gives is the result; otherwise the result is how long it took. */
  readonly run: () => unknown
  /** After each run, whatever became of it. */
  readonly teardown?: () => unknown
}

/** Runs measurements, each so many times, and keeps the results by name. */
export class Benchmark {
  readonly results = new Map<string, BenchmarkData>()
  readonly #measurements: Readonly<Record<string, Measurement>>

  constructor(measurements: Readonly<Record<string, Measurement>>) {
    this.#measurements = measurements
  }

  /** They take turns, so that a slow moment of the machine meets all of them. */
  async run(times = 1): Promise<ReadonlyMap<string, BenchmarkData>> {
    for (let turn = 0; turn < times; turn++) {
      for (const [name, measurement] of Object.entries(this.#measurements)) {
        this.#dataOf(name, measurement).add(await measure(measurement))
      }
    }
    return this.results
  }

  #dataOf(name: string, { description = '', unit = 'ms' }: Measurement): BenchmarkData {
    const data = this.results.get(name) ?? new BenchmarkData(name, { description, unit })
    this.results.set(name, data)
    return data
  }
}

async function measure({ setup, run, teardown }: Measurement): Promise<number> {
  await setup?.()
  try {
    const timer = new Timer()
    const result = await run()
    return typeof result === 'number' ? result : timer.elapsed
  } finally {
    await teardown?.()
  }
}
