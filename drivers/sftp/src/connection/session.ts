import type { Duplex } from 'node:stream'
import { ServiceError } from '@onitu/plug'
import type { Pace } from '@onitu/plug/kit'
import * as sftp from '../protocol/packets.ts'
import { type Answer, type Request, SftpChannel } from '../protocol/sftp-channel.ts'
import { attributesOf, numbersOf, successful, unexpected } from './read-answer.ts'
import { type Asked, RequestQueue } from './request-queue.ts'
import { connectionLost, END_OF_FILE, hasStatus, NO_SUCH_FILE, SftpStatusError, UNSUPPORTED } from './sftp-status.ts'

/** Bytes of content in one request: what every server takes, and the most that OpenSSH does. */
const PIECE = 32 * 1024
const LARGEST_PIECE = 255 * 1024
/** Parts of a listing that are asked for at once: over a long way each would else wait for the one before. */
const PARTS = 4
const LIMITS = 'limits@openssh.com'

interface SessionOptions {
  readonly timeout: number
  readonly requests: number
  readonly pace?: Pace | undefined
  /** The same object for all sessions of one connection. */
  readonly link: object
}

/**
 * One SFTP channel: its requests as promises, so many at once, in the order in which they were made. A server that does not answer anything for
 * `timeout` ms is given up with all that waits for it.
 */
export class Session {
  readonly link: object
  readonly #channel: SftpChannel
  readonly #pace: Pace | undefined
  readonly #giveUp: () => void
  readonly #requests: RequestQueue
  #extensions: ReadonlySet<string> = new Set()
  #pieceSize = PIECE

  constructor(stream: Duplex, { timeout, requests, pace, link }: SessionOptions, giveUp: () => void) {
    this.link = link
    this.#pace = pace
    this.#giveUp = giveUp
    const failed = (reason: Error) => {
      this.end(reason)
      giveUp()
    }
    this.#requests = new RequestQueue({ limit: requests, timeout }, failed)
    this.#channel = new SftpChannel(stream, (reason) =>
      failed(reason instanceof RangeError ? noSftp(reason) : connectionLost(reason)),
    )
  }

  /** Before anything is asked. */
  async greet(): Promise<void> {
    this.#extensions = await new Promise<ReadonlySet<string>>((resolve, failed) => {
      const answered = (extensions: ReadonlySet<string>) => {
        this.#requests.over(asked)
        resolve(extensions)
      }
      const asked: Asked = { content: 0, send: () => void this.#channel.greet().then(answered), failed }
      this.#requests.add(asked)
    })
    if (this.#extensions.has(LIMITS)) this.#pieceSize = await this.#askPieceSize()
  }

  get isAlive(): boolean {
    return !this.#requests.isEnded
  }

  /** Most bytes of content in one request. */
  get pieceSize(): number {
    return this.#pieceSize
  }

  open(path: string, mode: sftp.OpenMode): Promise<Buffer> {
    return this.#askHandle({ type: sftp.OPEN, fields: sftp.openFields(path, mode) })
  }

  close(handle: Buffer): Promise<void> {
    return this.#do({ type: sftp.CLOSE, fields: [handle] })
  }

  /** Bytes that were read, of at most one piece; fewer than asked for also where the server gives fewer, 0 at the end of the file. */
  async read(handle: Buffer, target: Buffer, position: number): Promise<number> {
    const fields = [handle, { u64: position }, { u32: target.byteLength }]
    try {
      return await this.#ask({ type: sftp.READ, fields, target }, (answer) =>
        answer.type === 'data' ? answer.size : unexpected(answer),
      )
    } catch (error) {
      if (hasStatus(error, END_OF_FILE)) return 0
      throw error
    }
  }

  /** At most one piece. */
  write(handle: Buffer, content: Buffer, position: number): Promise<void> {
    return this.#do({ type: sftp.WRITE, fields: [handle, { u64: position }, { u32: content.byteLength }], content })
  }

  fstat(handle: Buffer): Promise<sftp.SftpAttributes> {
    return this.#askAttributes({ type: sftp.FSTAT, fields: [handle] })
  }

  /** Undefined where nothing is. A link is not followed. */
  lstat(path: string): Promise<sftp.SftpAttributes | undefined> {
    return this.#askWhatIsThere({ type: sftp.LSTAT, fields: [path] })
  }

  /** Undefined where nothing is. */
  stat(path: string): Promise<sftp.SftpAttributes | undefined> {
    return this.#askWhatIsThere({ type: sftp.STAT, fields: [path] })
  }

  fsetstat(handle: Buffer, attributes: sftp.GivenAttributes): Promise<void> {
    return this.#do({ type: sftp.FSETSTAT, fields: [handle, ...sftp.attributeFields(attributes)] })
  }

  setstat(path: string, attributes: sftp.GivenAttributes): Promise<void> {
    return this.#do({ type: sftp.SETSTAT, fields: [path, ...sftp.attributeFields(attributes)] })
  }

  fsync(handle: Buffer): Promise<void> {
    return this.#extended('fsync@openssh.com', [handle], (request) => this.#do(request))
  }

  async list(path: string): Promise<sftp.DirectoryEntry[]> {
    const handle = await this.#askHandle({ type: sftp.OPENDIR, fields: [path] })
    const entries: sftp.DirectoryEntry[] = []
    try {
      for (let parts = 1; ; parts = PARTS) {
        const found = await Promise.all(Array.from({ length: parts }, () => this.#listPart(handle)))
        for (const part of found) for (const entry of part ?? []) if (!isDots(entry)) entries.push(entry)
        if (found.includes(undefined)) return entries
      }
    } finally {
      if (this.isAlive) await this.close(handle)
    }
  }

  mkdir(path: string): Promise<void> {
    return this.#do({ type: sftp.MKDIR, fields: [path, sftp.NO_ATTRIBUTES] })
  }

  rmdir(path: string): Promise<void> {
    return this.#do({ type: sftp.RMDIR, fields: [path] })
  }

  unlink(path: string): Promise<void> {
    return this.#do({ type: sftp.REMOVE, fields: [path] })
  }

  /** Fails where something is at the new path. */
  rename(path: string, to: string): Promise<void> {
    return this.#do({ type: sftp.RENAME, fields: [path, to] })
  }

  /** Puts the file in the place of what is at the new path, in one step. */
  replace(path: string, to: string): Promise<void> {
    return this.#extended('posix-rename@openssh.com', [path, to], (request) => this.#do(request))
  }

  /** Gives the file a second name; fails where something has that. */
  hardlink(path: string, name: string): Promise<void> {
    return this.#extended('hardlink@openssh.com', [path, name], (request) => this.#do(request))
  }

  /** Blocks and files that are free for this user, and the flags of the file system. */
  statvfs(path: string): Promise<{ readonly blocks: number; readonly files: number; readonly flags: number }> {
    return this.#extended('statvfs@openssh.com', [path], (request) =>
      this.#ask(request, (answer) => {
        const numbers = numbersOf(answer, 11)
        return { blocks: numbers[4] ?? 0, files: numbers[7] ?? 0, flags: numbers[9] ?? 0 }
      }),
    )
  }

  /** Fails all that waits, and all that is asked later. */
  end(reason: Error): void {
    if (!this.isAlive) return
    this.#channel.end()
    this.#requests.end(reason)
  }

  async #askPieceSize(): Promise<number> {
    const request = { type: sftp.EXTENDED, fields: [LIMITS] }
    const [, read, write] = await this.#ask(request, (answer) => numbersOf(answer, 4))
    // 0 says that there is no limit.
    return Math.min(LARGEST_PIECE, read || LARGEST_PIECE, write || LARGEST_PIECE)
  }

  /** Undefined behind the last part. */
  async #listPart(handle: Buffer): Promise<sftp.DirectoryEntry[] | undefined> {
    try {
      return await this.#ask({ type: sftp.READDIR, fields: [handle] }, (answer) =>
        answer.type === sftp.NAME ? answer.fields.entries() : unexpected(answer),
      )
    } catch (error) {
      if (hasStatus(error, END_OF_FILE)) return undefined
      throw error
    }
  }

  #extended<T>(name: string, fields: readonly sftp.Field[], ask: (request: Request) => Promise<T>): Promise<T> {
    if (this.#extensions.has(name)) return ask({ type: sftp.EXTENDED, fields: [name, ...fields] })
    return Promise.reject(new SftpStatusError(UNSUPPORTED, `The server has no ${name}`))
  }

  #do(request: Request): Promise<void> {
    return this.#ask(request, (answer) => (answer.type === 'status' ? undefined : unexpected(answer)))
  }

  #askHandle(request: Request): Promise<Buffer> {
    // A copy: the packet that it came in may be large.
    return this.#ask(request, (answer) =>
      answer.type === sftp.HANDLE ? Buffer.from(answer.fields.bytes()) : unexpected(answer),
    )
  }

  #askAttributes(request: Request): Promise<sftp.SftpAttributes> {
    return this.#ask(request, attributesOf)
  }

  #askWhatIsThere(request: Request): Promise<sftp.SftpAttributes | undefined> {
    // Nothing is there for most new files: no reason to make an error, with all that a stack costs.
    return this.#askAny(request, (answer) =>
      answer.type === 'status' && answer.code === NO_SUCH_FILE ? undefined : attributesOf(successful(answer)),
    )
  }

  /** `read` gets an answer that is no failure. */
  #ask<T>(request: Request, read: (answer: Answer) => T): Promise<T> {
    return this.#askAny(request, (answer) => read(successful(answer)))
  }

  /** RangeError from `read` means that the server does not speak SFTP. */
  #askAny<T>(request: Request, read: (answer: Answer) => T): Promise<T> {
    const wait = this.#pace?.request()
    return wait === undefined ? this.#send(request, read) : wait.then(() => this.#send(request, read))
  }

  /**
   * One promise for each request, and no async function: a small file takes a dozen of them, hundreds of files are on their way at once, and all that is made for
   * them outlives its first collection.
   */
  #send<T>(request: Request, read: (answer: Answer) => T): Promise<T> {
    return new Promise<T>((resolve, failed) => {
      const answered = (answer: Answer) => {
        this.#requests.over(asked)
        try {
          resolve(read(answer))
        } catch (error) {
          failed(error instanceof RangeError ? this.#misunderstood(error) : error)
        }
      }
      const content = request.content?.byteLength ?? 0
      const asked: Asked = { content, send: () => this.#channel.send(request, answered), failed }
      this.#requests.add(asked)
    })
  }

  #misunderstood(error: RangeError): Error {
    this.end(noSftp(error))
    this.#giveUp()
    return noSftp(error)
  }
}

function isDots({ filename }: sftp.DirectoryEntry): boolean {
  return filename === '.' || filename === '..'
}

function noSftp(cause: RangeError): ServiceError {
  return new ServiceError('NO_SFTP', `What the server sends is not SFTP: ${cause.message}`, { cause })
}
