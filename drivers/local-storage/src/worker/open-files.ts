import { closeSync } from 'node:fs'

/** A file that nobody used for so many ms is closed. */
const IDLE = 5000
const MOST = 64

interface OpenFile {
  readonly fd: number
  usedAt: number
}

/** Keeps files of transfers open between their chunks. */
export class OpenFiles {
  readonly #files = new Map<string, OpenFile>()
  #timer: NodeJS.Timeout | undefined

  get(key: string, open: () => number): number {
    const file = this.#files.get(key) ?? { fd: open(), usedAt: 0 }
    file.usedAt = Date.now()
    // The least recently used is the first.
    this.#files.delete(key)
    this.#files.set(key, file)
    if (this.#files.size > MOST) this.#closeOldest()
    this.#timer ??= setInterval(() => this.#closeIdle(), IDLE).unref()
    return file.fd
  }

  close(key: string): void {
    const file = this.#files.get(key)
    this.#files.delete(key)
    if (file !== undefined) closeSync(file.fd)
    if (this.#files.size === 0) this.#stop()
  }

  closeAll(): void {
    for (const key of [...this.#files.keys()]) this.close(key)
    this.#stop()
  }

  #closeOldest(): void {
    const [oldest] = this.#files.keys()
    if (oldest !== undefined) this.close(oldest)
  }

  #closeIdle(): void {
    for (const [key, { usedAt }] of [...this.#files]) if (Date.now() - usedAt >= IDLE) this.close(key)
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
