import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'
const LOWEST = 10_000
/** Where the system does not say from which port on it gives them to clients. */
const CLIENTS_FROM = 32_768

/**
 * The first of `count` ports of this machine that follow each other and that nobody listens on. Below those that the system gives to clients: a server
 * that is restarted could not have its port back while a connection that somebody made from it, or the memory of one, is there.
 */
export async function freePorts(count = 1): Promise<number> {
  for (;;) {
    const first = LOWEST + Math.floor(Math.random() * (firstOfClients() - LOWEST - count))
    const ports = Array.from({ length: count }, (_, index) => first + index)
    const free = await Promise.all(ports.map(isFree))
    if (free.every((isOne) => isOne)) return first
  }
}

function firstOfClients(): number {
  const first = Number(readRange().split(/\s+/)[0])
  return first > LOWEST + 1000 ? first : CLIENTS_FROM
}

function readRange(): string {
  return process.platform === 'linux' ? readFileSync(RANGE, 'utf8').trim() : ''
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
