import { ServiceError } from '@onitu/plug'
import type { Pace } from '@onitu/plug/kit'
import type { FileEntryWithStats, InputAttributes, SFTPWrapper, Stats } from 'ssh2'
import { connectionLost, requestError, SftpStatusError, UNSUPPORTED } from './sftp-status.ts'

type Done<T> = (error: Error | null | undefined, value: T) => void

/** How often it is looked whether the server still answers, ms. */
const WATCH = 250

interface SessionOptions {
  readonly timeout: number
  readonly requests: number
  readonly pace?: Pace | undefined
  /** Called before each request is written. */
  readonly beforeWrite: () => void
}

/**
 * One SFTP channel: its requests as promises, so many at once, in the order in which they were made. A server that does not answer anything for
 * `timeout` ms is given up with all that waits for it.
 */
export class Session {
  readonly #sftp: SFTPWrapper
  readonly #timeout: number
  readonly #limit: number
  readonly #pace: Pace | undefined
  readonly #beforeWrite: () => void
  readonly #giveUp: () => void
  readonly #failures = new Set<(error: Error) => void>()
  readonly #waiting: (() => void)[] = []
  #running = 0
  #answeredAt = performance.now()
  #ended: Error | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(sftp: SFTPWrapper, options: SessionOptions, giveUp: () => void) {
    this.#sftp = sftp
    this.#pace = options.pace
    this.#beforeWrite = options.beforeWrite
    this.#timeout = options.timeout
    this.#limit = options.requests
    this.#giveUp = giveUp
    sftp.on('error', (error: Error) => this.end(connectionLost(error)))
    sftp.on('close', () => this.end(connectionLost()))
  }

  get isAlive(): boolean {
    return this.#ended === undefined
  }

  open(path: string, flags: 'r' | 'r+' | 'wx'): Promise<Buffer> {
    return this.#ask((done) => this.#sftp.open(path, flags, done))
  }

  close(handle: Buffer): Promise<void> {
    return this.#do((done) => this.#sftp.close(handle, done))
  }

  /** Bytes that were read; fewer than asked for at the end of the file only. */
  read(handle: Buffer, target: Buffer, position: number): Promise<number> {
    return this.#ask((done) =>
      this.#sftp.read(handle, target, 0, target.byteLength, position, (error, count) => done(error, count)),
    )
  }

  write(handle: Buffer, content: Buffer, position: number): Promise<void> {
    return this.#do((done) => this.#sftp.write(handle, content, 0, content.byteLength, position, done))
  }

  fstat(handle: Buffer): Promise<Stats> {
    return this.#ask((done) => this.#sftp.fstat(handle, done))
  }

  lstat(path: string): Promise<Stats> {
    return this.#ask((done) => this.#sftp.lstat(path, done))
  }

  stat(path: string): Promise<Stats> {
    return this.#ask((done) => this.#sftp.stat(path, done))
  }

  fsetstat(handle: Buffer, attributes: InputAttributes): Promise<void> {
    return this.#do((done) => this.#sftp.fsetstat(handle, attributes, done))
  }

  setstat(path: string, attributes: InputAttributes): Promise<void> {
    return this.#do((done) => this.#sftp.setstat(path, attributes, done))
  }

  fsync(handle: Buffer): Promise<void> {
    return this.#do((done) => this.#sftp.ext_openssh_fsync(handle, done))
  }

  list(path: string): Promise<FileEntryWithStats[]> {
    return this.#ask((done) => this.#sftp.readdir(path, done))
  }

  mkdir(path: string): Promise<void> {
    return this.#do((done) => this.#sftp.mkdir(path, done))
  }

  rmdir(path: string): Promise<void> {
    return this.#do((done) => this.#sftp.rmdir(path, done))
  }

  unlink(path: string): Promise<void> {
    return this.#do((done) => this.#sftp.unlink(path, done))
  }

  /** Fails where something is at the new path. */
  rename(path: string, to: string): Promise<void> {
    return this.#do((done) => this.#sftp.rename(path, to, done))
  }

  /** Puts the file in the place of what is at the new path, in one step. */
  replace(path: string, to: string): Promise<void> {
    return this.#do((done) => this.#sftp.ext_openssh_rename(path, to, done))
  }

  /** Blocks that are free for this user, and the flags of the file system. */
  statvfs(path: string): Promise<unknown> {
    return this.#ask((done) => this.#sftp.ext_openssh_statvfs(path, done))
  }

  /** Fails all that waits, and all that is asked later. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    clearInterval(this.#timer)
    for (const fail of this.#failures) fail(reason)
    this.#failures.clear()
    for (const next of this.#waiting.splice(0)) next()
  }

  #do(send: (done: (error?: Error | null) => void) => void): Promise<void> {
    return this.#ask<void>((done) => send((error) => done(error, undefined)))
  }

  async #ask<T>(send: (done: Done<T>) => void): Promise<T> {
    const wait = this.#pace?.request()
    if (wait !== undefined) await wait
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await this.#send(send)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  #send<T>(send: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      this.#watch()
      this.#failures.add(reject)
      const done: Done<T> = (error, value) => {
        this.#answeredAt = performance.now()
        this.#failures.delete(reject)
        if (error === null || error === undefined) resolve(value)
        else reject(requestError(error))
      }
      try {
        this.#beforeWrite()
        send(done)
      } catch (error) {
        // An extension that this server has not.
        this.#failures.delete(reject)
        reject(new SftpStatusError(UNSUPPORTED, String(error)))
      }
    })
  }

  #watch(): void {
    if (this.#failures.size === 0) this.#answeredAt = performance.now()
    this.#timer ??= setInterval(() => this.#check(), WATCH).unref()
  }

  #check(): void {
    if (this.#failures.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    } else if (performance.now() - this.#answeredAt > this.#timeout) {
      this.end(new ServiceError('NO_ANSWER', `The server has not answered for ${this.#timeout} ms`))
      this.#giveUp()
    }
  }
}
