import { connect, type Socket } from 'node:net'
import { ServiceError, systemCode } from '@onitu/plug'
import { BadAnswer, type ResponseHead, ResponseReader } from '../http/response-reader.ts'
import { proxyRefusal } from './proxy-refusal.ts'
import type { HttpProxy } from './read-proxy.ts'

/** Connections to one server that a proxy makes (CONNECT, RFC 9110, 9.3.6): what goes over them it passes on as it is. */
export class Tunnels {
  readonly #proxy: HttpProxy
  readonly #server: string
  readonly #timeout: number
  /** Ends each one that is not open yet. */
  readonly #opening = new Set<(error: unknown) => void>()

  /** `server`: its host and its port. `timeout`: ms until one has to be open. */
  constructor(proxy: HttpProxy, server: string, timeout: number) {
    this.#proxy = proxy
    this.#server = server
    this.#timeout = timeout
  }

  /** Gives a connection over which nothing has come yet, and to which nobody listens. @throws ServiceError when there is none; the reason of `signal` */
  async open(signal?: AbortSignal): Promise<Socket> {
    signal?.throwIfAborted()
    const { host, port } = this.#proxy
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true })
      const read = answerReader()
      const settle = () => {
        clearTimeout(timer)
        this.#opening.delete(fail)
        signal?.removeEventListener('abort', abort)
        socket.off('data', data).off('error', fail).off('end', ended).off('close', ended)
      }
      const fail = (error: unknown) => {
        settle()
        socket.destroy()
        reject(signal?.aborted === true ? signal.reason : this.#failure(error))
      }
      const data = (bytes: Buffer) => {
        try {
          const head = read(bytes)
          if (head === undefined) return
          if (head.status >= 300) throw proxyRefusal(this.#proxy, this.#server, head)
          settle()
          resolve(socket.pause())
        } catch (error) {
          fail(error)
        }
      }
      const ended = () => fail(new Error('it closed the connection without an answer'))
      const abort = () => fail(signal?.reason)
      const late = () => fail(new ServiceError('NO_ANSWER', this.#said(`has not answered for ${this.#timeout} ms`)))
      const timer = setTimeout(late, this.#timeout)
      this.#opening.add(fail)
      signal?.addEventListener('abort', abort)
      socket.on('data', data).on('error', fail).on('end', ended).on('close', ended)
      socket.write(this.#request(), 'latin1')
    })
  }

  /** What is not open yet fails. */
  close(error: unknown): void {
    for (const fail of [...this.#opening]) fail(error)
  }

  #request(): string {
    const { authorization } = this.#proxy
    const login = authorization === undefined ? '' : `proxy-authorization: ${authorization}\r\n`
    return `CONNECT ${this.#server} HTTP/1.1\r\nhost: ${this.#server}\r\n${login}\r\n`
  }

  #failure(error: unknown): ServiceError {
    if (error instanceof ServiceError) return error
    if (error instanceof BadAnswer)
      return new ServiceError('CONNECTION_LOST', this.#said(`gave an answer that cannot be read: ${error.message}`), {
        cause: error,
      })
    const code = systemCode(error)
    // Several addresses that all fail have a code, and no message.
    const reason = (error instanceof Error && error.message) || (code ?? 'unknown reason')
    const isLost = code === undefined || code === 'ECONNRESET' || code === 'EPIPE'
    return new ServiceError(isLost ? 'CONNECTION_LOST' : code, this.#said(`cannot be reached: ${reason}`), {
      cause: error,
    })
  }

  #said(what: string): string {
    return `On the way to ${this.#server}: ${this.#proxy.name} ${what}`
  }
}

/** Gives the head of the answer when all of it has come. It throws a BadAnswer, also when something follows: a server waits until TLS is begun by us. */
function answerReader(): (bytes: Buffer) => ResponseHead | undefined {
  let head: ResponseHead | undefined
  const ignore = () => undefined
  const take = (one: ResponseHead) => {
    head = one
  }
  // As for HEAD: what follows the head is no body, whatever the head says of one.
  const reader = new ResponseReader('HEAD', { head: take, body: ignore, end: ignore })
  return (bytes) => {
    const others = reader.read(bytes)
    if (head !== undefined && head.status < 300 && others > 0) throw new BadAnswer('something follows its head')
    return head
  }
}
