import type { Socket } from 'node:net'
import { Body } from './body.ts'
import type { HttpRequest, HttpResponse } from './http-client.ts'
import { type ResponseHead, ResponseReader } from './response-reader.ts'
import { sendRequest } from './send-request.ts'
import { Waiting } from './waiting.ts'

export type Answer = Omit<HttpResponse, 'again'>

/** One request that goes over a connection, until it is answered or has failed. */
export class Exchange {
  readonly #socket: Socket
  readonly #waiting: Waiting
  readonly #reader: ResponseReader
  /** What failed is told once. */
  readonly #failed: (error: unknown) => void
  #isSent = false
  #hasBegun = false
  #isOver = false
  /** What came last waits for a limit. */
  #slowed: Promise<void> | undefined

  /** `answered`, with whether nothing else may go over the connection, or `failed` is called once. */
  constructor(
    socket: Socket,
    host: string,
    request: HttpRequest,
    answered: (answer: Answer, isLast: boolean) => void,
    failed: (error: unknown) => void,
  ) {
    this.#socket = socket
    this.#waiting = new Waiting(request.pace, request.signal)
    this.#failed = failed
    this.#reader = this.#makeReader(request.method, request.into, answered)
    sendRequest(socket, host, request, this.#waiting).then(
      () => {
        this.#isSent = true
      },
      (error: unknown) => this.fail(error),
    )
  }

  /** A byte of the answer has come. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** All of the answer has come; it may still wait for a limit. */
  get isComplete(): boolean {
    return this.#reader.isDone
  }

  /** It is not for the server that it takes long. */
  get isHeldUp(): boolean {
    return this.#waiting.count > 0
  }

  /** Gives how many of the bytes are not of this answer. @throws BadAnswer */
  read(bytes: Buffer): number {
    this.#hasBegun = true
    return this.#reader.read(bytes)
  }

  /** The server sends nothing more. @throws BadAnswer where something is missing */
  end(): void {
    this.#reader.end()
  }

  fail(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#failed(error)
  }

  #makeReader(
    method: string,
    into: Uint8Array | undefined,
    answered: (answer: Answer, isLast: boolean) => void,
  ): ResponseReader {
    let head: ResponseHead | undefined
    let body: Body | undefined
    const finish = () => {
      if (this.#isOver || head === undefined || body === undefined) return
      this.#isOver = true
      const { status, headers, isLast } = head
      // Where the answer came before all of the request was sent the server may not read the rest.
      const isCut = !this.#isSent || this.#socket.writableLength > 0
      answered({ status, headers, body: body.content() }, isLast || isCut)
    }
    return new ResponseReader(method, {
      head: (one) => {
        head = one
        body = new Body(one, into)
      },
      body: (part) => {
        body?.add(part)
        this.#slowDown(this.#waiting.down(part.byteLength))
      },
      end: () => {
        if (this.#slowed === undefined) finish()
        else this.#slowed.then(finish, () => undefined)
      },
    })
  }

  #slowDown(wait: Promise<void> | undefined): void {
    if (wait === undefined) return
    this.#socket.pause()
    this.#slowed = wait
    wait.then(
      () => this.#socket.resume(),
      (error: unknown) => this.fail(error),
    )
  }
}
