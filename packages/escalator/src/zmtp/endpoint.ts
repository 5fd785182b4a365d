import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where to listen or connect, as node:net wants it. */
export type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number }

/** Reads `ipc://PATH`, `tcp://HOST:PORT`, `tcp://[IPV6]:PORT`. Undefined when it is none of them. */
export function parseEndpoint(address: string): Endpoint | undefined {
  const [, path] = /^ipc:\/\/(.+)$/s.exec(address) ?? []
  // An abstract address begins with a zero byte for the system, with @ for ZeroMQ.
  if (path !== undefined) return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path }
  const [, ipv6, name, port] = /^tcp:\/\/(?:\[([^\]]+)\]|([^:]+)):(\d+|\*)$/.exec(address) ?? []
  const host = ipv6 ?? name
  if (host === undefined || port === undefined) return undefined
  const number = port === '*' ? 0 : Number(port)
  return number > 65_535 ? undefined : { host: host === '*' ? '0.0.0.0' : host, port: number }
}

/** A path for `ipc://*`. The directory is its own, so that nobody else can reach it. */
export function uniquePath(): string {
  return join(mkdtempSync(join(tmpdir(), 'onitu-')), 'socket')
}

export function formatEndpoint(endpoint: Endpoint): string {
  if ('path' in endpoint) return `ipc://${endpoint.path.replace(/^\0/, '@')}`
  const { host, port } = endpoint
  return host.includes(':') ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`
}
