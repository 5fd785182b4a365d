import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { RemoteSetup } from './remote-setup.ts'

/** ms between looks whether more may pass. */
const STEP = 20
/** Bytes that are taken at once. Less than a second's worth, so that a slow network flows evenly. */
const PIECE = 64 * 1024

/** The network between a hub and a client, for those that cannot have one of the kernel: so fast, or cut in two. */
export class SlowNetwork {
  /** Bytes a second, each way on each connection. */
  speed = Number.POSITIVE_INFINITY
  readonly ports: { readonly requests: number; readonly handlers: number }
  readonly #servers: readonly Server[]
  readonly #sockets = new Set<Socket>()
  #isCut = false
  #wake: (() => void)[] = []

  private constructor(servers: readonly Server[], ports: SlowNetwork['ports']) {
    this.#servers = servers
    this.ports = ports
  }

  /** Leads to the two ports of the hub. */
  static async create({ requests, handlers }: RemoteSetup): Promise<SlowNetwork> {
    const servers = [createServer(), createServer()]
    const [first = 0, second = 0] = await Promise.all(servers.map(listen))
    const network = new SlowNetwork(servers, { requests: first, handlers: second })
    servers.forEach((server, index) => {
      server.on('connection', (socket) => network.#join(socket, index === 0 ? requests : handlers))
    })
    return network
  }

  /** Nothing passes any more, and nobody is told of it. */
  cut(): void {
    this.#isCut = true
  }

  mend(): void {
    this.#isCut = false
    for (const resolve of this.#wake.splice(0)) resolve()
  }

  close(): void {
    this.mend()
    for (const server of this.#servers) server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: Socket, port: number): void {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      // An end that is reset tells the other one by its own end.
      from.on('error', () => undefined)
      void this.#pass(from, to)
    }
  }

  /** What is not read here stays with who sends it: it is the speed of the network that holds him up. */
  async #pass(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const data of from.iterator({ destroyOnReturn: false })) {
        for (const piece of piecesOf(data as Buffer)) {
          await this.#takeTime(piece.byteLength)
          if (to.destroyed) return
          if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
        }
      }
    } catch {
      // It was reset: over like one that was ended.
    } finally {
      while (this.#isCut) await new Promise<void>((resolve) => this.#wake.push(resolve))
      this.#sockets.delete(from)
      from.destroy()
      to.end()
    }
  }

  async #takeTime(bytes: number): Promise<void> {
    let left = bytes
    while (left > 0 || this.#isCut) {
      if (this.#isCut) await new Promise<void>((resolve) => this.#wake.push(resolve))
      if (this.speed === Number.POSITIVE_INFINITY) return
      await new Promise((resolve) => setTimeout(resolve, STEP))
      left -= (this.speed * STEP) / 1000
    }
  }
}

function piecesOf(data: Buffer): Buffer[] {
  const count = Math.ceil(data.byteLength / PIECE)
  return Array.from({ length: count }, (_, index) => data.subarray(index * PIECE, (index + 1) * PIECE))
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
