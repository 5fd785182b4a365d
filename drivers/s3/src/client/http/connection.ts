import type { Socket } from 'node:net'
import { OnituError, ServiceError, systemCode } from '@onitu/plug'
import { type Answer, Exchange } from './exchange.ts'
import type { HttpRequest } from './http-client.ts'
import { BadAnswer } from './response-reader.ts'

/** The server had closed a connection that was kept: most likely it has not seen the request. */
export class StaleConnection extends Error {}

export interface ConnectionOptions {
  /** With its port, as requests name it. */
  readonly host: string
  /** The server as messages name it. */
  readonly name: string
  /** ms without a byte either way after which a request is given up. */
  readonly timeout: number
  /** Called once, when nothing else goes over the connection. */
  readonly over: (connection: Connection) => void
}

/** One connection: one request at a time, one reader, one writer. */
export class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  #exchange: Exchange | undefined
  #isKept = false
  #isOver = false

  constructor(open: (read: (bytes: Buffer) => void) => Socket, options: ConnectionOptions) {
    this.#options = options
    this.#socket = open((bytes) => this.#read(bytes))
      .setTimeout(options.timeout)
      .on('timeout', () => this.#timedOut())
      .on('error', (error: Error) => this.#lost(error))
      .on('end', () => this.#ended())
      .on('close', () => this.#lost(new Error('the connection was closed')))
  }

  /** Nothing else goes over it. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Only when the one before is answered. @throws StaleConnection; ServiceError when the server cannot be reached; the reason of `signal` */
  send(request: HttpRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { signal } = request
      if (this.#isKept) this.#socket.ref()
      const abort = () => exchange.fail(signal?.reason)
      const finish = () => {
        this.#exchange = undefined
        signal?.removeEventListener('abort', abort)
      }
      const answered = (answer: Answer, isLast: boolean) => {
        finish()
        this.#isKept = true
        if (isLast) this.#leave()
        else this.#socket.unref()
        resolve(answer)
      }
      const failed = (error: unknown) => {
        finish()
        this.#leave()
        reject(signal?.aborted === true ? signal.reason : this.#failure(error, exchange))
      }
      const exchange = new Exchange(this.#socket, this.#options.host, request, answered, failed)
      this.#exchange = exchange
      signal?.addEventListener('abort', abort)
    })
  }

  /** What is under way fails. */
  close(): void {
    this.#exchange?.fail(new ServiceError('CLOSED', `The client of ${this.#options.name} is closed`))
    this.#leave()
  }

  #read(bytes: Buffer): void {
    const exchange = this.#exchange
    try {
      // Where nothing was asked for, all of it is something else.
      const others = exchange?.read(bytes) ?? bytes.byteLength
      if (others > 0) this.#leave()
    } catch (error) {
      exchange?.fail(error)
    }
  }

  #ended(): void {
    const exchange = this.#exchange
    try {
      if (exchange?.hasBegun === true) exchange.end()
    } catch (error) {
      exchange?.fail(error)
    }
    this.#lost(new Error('the server closed the connection'))
  }

  #lost(error: Error): void {
    if (this.#exchange?.isComplete === false) this.#exchange.fail(error)
    this.#leave()
  }

  #timedOut(): void {
    const { name, timeout } = this.#options
    if (this.#exchange === undefined) return
    if (this.#exchange.isHeldUp) this.#socket.setTimeout(timeout)
    else this.#exchange.fail(new ServiceError('NO_ANSWER', `${name} has not answered for ${timeout} ms`))
  }

  #leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#socket.destroy()
    this.#options.over(this)
  }

  #failure(error: unknown, { hasBegun }: Exchange): unknown {
    if (error instanceof OnituError || error instanceof TypeError) return error
    const { name } = this.#options
    const { message } = error instanceof Error ? error : new Error(String(error))
    if (error instanceof BadAnswer)
      return new ServiceError('CONNECTION_LOST', `${name} gave an answer that cannot be read: ${message}`, {
        cause: error,
      })
    const code = systemCode(error)
    const isLost = code === undefined || !/^E[A-Z]+$/.test(code) || code === 'ECONNRESET' || code === 'EPIPE'
    if (isLost && this.#isKept && !hasBegun) return new StaleConnection(message)
    return new ServiceError(isLost ? 'CONNECTION_LOST' : code, `Cannot reach ${name}: ${message}`, { cause: error })
  }
}
