import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** A proxy of HTTP for servers on this machine: every name is that of 127.0.0.1. */
export class ProxyServer {
  /** What was asked of it: `CONNECT localhost:9000`, `GET http://s3.test:9000/bucket`. */
  readonly requests: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  /** All connections that were made to it. */
  readonly connections: Socket[] = []
  /** `user:password` without which it passes nothing on. */
  login = ''
  /** What it answers instead of making a tunnel; empty: nothing at all. */
  refusal: string | undefined
  /** What it answers instead of passing a request on. */
  status: number | undefined
  readonly #upstream = new Set<Socket>()
  readonly #server: Server = createServer((request, response) => this.#forward(request, response))

  static async start(): Promise<ProxyServer> {
    const proxy = new ProxyServer()
    proxy.#server.on('connect', (request: IncomingMessage, socket: Socket) => proxy.#tunnel(request, socket))
    // Who gives up breaks his connection.
    proxy.#server.on('connection', (socket: Socket) => proxy.connections.push(socket.on('error', () => undefined)))
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://${this.login === '' ? '' : `${this.login}@`}127.0.0.1:${this.port}`
  }

  get open(): Socket[] {
    return [...this.connections, ...this.#upstream].filter((socket) => !socket.destroyed)
  }

  /** Ends all connections at once. */
  cut(): void {
    for (const socket of this.open) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
  }

  #isAllowed({ method, url, headers }: IncomingMessage): boolean {
    this.requests.push(`${method} ${url}`)
    this.headers.push(headers)
    return this.login === '' || headers['proxy-authorization'] === `Basic ${Buffer.from(this.login).toString('base64')}`
  }

  #tunnel(request: IncomingMessage, socket: Socket): void {
    // What is not read is not known to have ended.
    socket.resume().on('end', () => socket.end())
    if (!this.#isAllowed(request))
      socket.end('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 2\r\n\r\nno')
    else if (this.refusal !== undefined) socket.write(this.refusal)
    else {
      const upstream = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(upstream).pipe(socket)
      })
      this.#upstream.add(upstream)
      upstream.on('error', () => socket.destroy()).on('close', () => this.#upstream.delete(upstream))
      socket.on('close', () => upstream.destroy())
    }
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const isAllowed = this.#isAllowed(request)
    if (!isAllowed || this.status !== undefined) {
      response.writeHead(isAllowed ? (this.status ?? 500) : 407).end('<html>no</html>')
      return
    }
    const { port, pathname, search } = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...headers } = request.headers
    const { method = 'GET' } = request
    const onwards = httpRequest({ host: '127.0.0.1', port, method, path: pathname + search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onwards.on('error', () => response.destroy())
    onwards.on('socket', (socket) => this.#upstream.add(socket))
    request.pipe(onwards)
  }
}
