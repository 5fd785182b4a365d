import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** The first of `count` ports of this machine that follow each other and that nobody listens on. */
export async function freePorts(count = 1): Promise<number> {
  for (;;) {
    const first = await freePort()
    const others = Array.from({ length: count - 1 }, (_, index) => first + 1 + index)
    const free = await Promise.all(others.map(isFree))
    if (free.every((isOne) => isOne)) return first
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await closed(server)
  return port
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const outcome = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (outcome) await closed(server)
  return outcome
}

function closed(server: ReturnType<typeof createServer>): Promise<unknown> {
  const done = once(server, 'close')
  server.close()
  return done
}
