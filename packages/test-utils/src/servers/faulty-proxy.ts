import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy that can hold back, swallow and cut what passes. */
export class FaultyProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #delay = 0
  #swallows = false
  #refuses = false
  #cutAfter = Number.POSITIVE_INFINITY

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(host: string, port: number): Promise<FaultyProxy> {
    const server = createServer({ noDelay: true })
    const proxy = new FaultyProxy(server)
    server.on('connection', (socket) => proxy.#join(socket, connect({ host, port, noDelay: true })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Every piece takes so many ms longer, in both directions. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds
  }

  /** Nothing passes any more, and nobody is told. */
  swallow(): void {
    this.#swallows = true
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Cuts all connections once so many bytes have passed from here on; later ones live. */
  cutAfter(bytes: number): void {
    this.#cutAfter = bytes
  }

  /** Cuts all connections and takes no new ones. */
  refuse(): void {
    this.#refuses = true
    this.cut()
  }

  /** Lets everything pass again. What was swallowed stays lost: those connections are cut. */
  heal(): void {
    if (this.#swallows) this.cut()
    this.#swallows = false
    this.#refuses = false
    this.#delay = 0
    this.#cutAfter = Number.POSITIVE_INFINITY
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #join(client: Socket, server: Socket): void {
    if (this.#refuses) {
      client.destroy()
      server.destroy()
      return
    }
    this.#forward(client, server)
    this.#forward(server, client)
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    // What goes wrong on one side is told to the other by closing it.
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.on('data', (data: Buffer) => this.#pass(from, to, data))
  }

  #pass(from: Socket, to: Socket, data: Buffer): void {
    if (this.#swallows) return
    this.#cutAfter -= data.byteLength
    if (this.#cutAfter < 0) {
      this.#cutAfter = Number.POSITIVE_INFINITY
      this.cut()
      return
    }
    const send = () => {
      if (to.destroyed || to.write(data) || from.isPaused()) return
      from.pause()
      to.once('drain', () => from.resume())
    }
    if (this.#delay > 0) setTimeout(send, this.#delay)
    else send()
  }
}
