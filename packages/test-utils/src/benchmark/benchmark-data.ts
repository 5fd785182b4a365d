/** The results of one thing that was measured several times. */
export class BenchmarkData {
  readonly title: string
  readonly description: string
  readonly unit: string
  readonly #results: number[] = []

  constructor(title: string, { description = '', unit = 'ms' }: { description?: string; unit?: string } = {}) {
    this.title = title
    this.description = description
    this.unit = unit
  }

  add(result: number): this {
    this.#results.push(result)
    return this
  }

  /** In the order in which they were added. */
  get results(): readonly number[] {
    return this.#results
  }

  get min(): number {
    return Math.min(...this.#some())
  }

  get max(): number {
    return Math.max(...this.#some())
  }

  get average(): number {
    const results = this.#some()
    return results.reduce((sum, result) => sum + result, 0) / results.length
  }

  #some(): readonly number[] {
    if (this.#results.length === 0) throw new TypeError(`Nothing was measured of ${this.title}`)
    return this.#results
  }
}
