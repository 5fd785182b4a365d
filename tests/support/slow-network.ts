import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { RemoteSetup } from './remote-setup.ts'

/** ms between looks whether more may pass. */
const STEP = 20
/** Bytes that are taken at once. Less than a second's worth, so that a slow network flows evenly. */
const PIECE = 64 * 1024

/** The network between a hub and a client, for those that cannot have one of the kernel: so fast, or cut in two. */
export class SlowNetwork {
  /** Bytes a second, each way on each connection. */
  speed = Number.POSITIVE_INFINITY
  /** ms that everything is on its way. */
  delay = 0
  readonly ports: { readonly requests: number; readonly handlers: number }
  readonly #servers: readonly Server[]
  readonly #sockets = new Set<Socket>()
  #isCut = false
  #wake: (() => void)[] = []

  private constructor(servers: readonly Server[], ports: SlowNetwork['ports']) {
    this.#servers = servers
    this.ports = ports
  }

  /** Leads to the two ports of the hub. `address`: where both the hub and this are. */
  static async create({ requests, handlers }: RemoteSetup, address = '127.0.0.1'): Promise<SlowNetwork> {
    const servers = [createServer(), createServer()]
    const [first = 0, second = 0] = await Promise.all(servers.map((server) => listen(server, address)))
    const network = new SlowNetwork(servers, { requests: first, handlers: second })
    servers.forEach((server, index) => {
      const port = index === 0 ? requests : handlers
      server.on('connection', (socket) => network.#join(socket, connect(port, address)))
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

  #join(near: Socket, far: Socket): void {
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
    let sending: Promise<unknown> = Promise.resolve()
    try {
      for await (const data of from.iterator({ destroyOnReturn: false })) {
        for (const piece of piecesOf(data as Buffer)) {
          await this.#takeTime(piece.byteLength)
          const due = performance.now() + this.delay
          const write = async () => {
            if (due > performance.now()) await pause(due - performance.now())
            if (!to.destroyed && !to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
          }
          sending = sending.then(write)
          if (this.delay === 0) await sending
        }
      }
    } catch {
      // It was reset: over like one that was ended.
    } finally {
      while (this.#isCut) await new Promise<void>((resolve) => this.#wake.push(resolve))
      await Promise.allSettled([sending])
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
      await pause(STEP)
      left -= (this.speed * STEP) / 1000
    }
  }
}

function piecesOf(data: Buffer): Buffer[] {
  const count = Math.ceil(data.byteLength / PIECE)
  return Array.from({ length: count }, (_, index) => data.subarray(index * PIECE, (index + 1) * PIECE))
}

async function listen(server: Server, address: string): Promise<number> {
  server.listen(0, address)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
