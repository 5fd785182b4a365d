import type { Engine } from './engine.ts'

/** At most four times a second. */
const INTERVAL = 250

/** Counts what a service does and tells of it while it works. */
export class Progress {
  readonly #engine: Engine
  readonly #load: () => { readonly active: number; readonly waiting: number }
  #scheduled = false
  files = 0
  bytes = 0

  constructor(engine: Engine, load: () => { readonly active: number; readonly waiting: number }) {
    this.#engine = engine
    this.#load = load
  }

  count(files: number, bytes: number): void {
    this.files += files
    this.bytes += bytes
    this.changed()
  }

  changed(): void {
    if (this.#scheduled || this.#engine.signal.aborted) return
    this.#scheduled = true
    this.#engine.clock.after(INTERVAL, () => {
      this.#scheduled = false
      if (!this.#engine.signal.aborted) this.#tell()
    })
  }

  counters() {
    return { files: this.files, bytes: this.bytes, ...this.#load() }
  }

  #tell(): void {
    this.#engine.emit({ type: 'progress', service: this.#engine.service, ...this.counters() })
    if (this.#load().active > 0) this.changed()
  }
}
