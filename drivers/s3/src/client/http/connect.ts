import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'

export interface Destination {
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
  /** Certificates that are trusted instead of the system's. */
  readonly ca?: string | undefined
}

/** Bytes that are read in one go at most. */
const READ = 256 * 1024

/** Makes a connection that reads into `read`. `tunnel`: the one that it goes over, to the same server; only with TLS. */
export type Open = (read: (bytes: Buffer) => void, tunnel?: Socket) => Socket

/** Makes connections to one server. */
export function connector(to: Destination): Open {
  return to.isSecure ? secureConnector(to) : plainConnector(to)
}

/**
 * All of them read into the same memory: who reads it copies what he keeps before anything else is read. New memory for each 64 KiB was as much garbage again as
 * there is content, a third of the processor time of a large one.
 */
function plainConnector({ host, port }: Destination): Open {
  const buffer = Buffer.allocUnsafeSlow(READ)
  return (read) => {
    const callback = (size: number) => {
      read(buffer.subarray(0, size))
      return true
    }
    return connectPlain({ host, port, noDelay: true, keepAlive: true, onread: { buffer, callback } })
  }
}

/** The next connection goes on with the session of the last one: one way there and back less, and no certificates. */
function secureConnector({ host, port, ca }: Destination): Open {
  const servername = isIP(host) === 0 ? { servername: host } : {}
  const trusted = ca === undefined ? {} : { ca }
  let session: Buffer | undefined
  return (read, tunnel) => {
    const known = session === undefined ? {} : { session }
    // Also over a tunnel the certificate has to be that of `host`.
    const over = tunnel === undefined ? {} : { socket: tunnel }
    const socket = connectSecure({
      host,
      port,
      ALPNProtocols: ['http/1.1'],
      ...servername,
      ...trusted,
      ...known,
      ...over,
    })
    if (tunnel === undefined) socket.setNoDelay(true).setKeepAlive(true)
    // Nobody else listens to it, and an error that nobody listens to would end the process.
    else tunnel.on('error', (error) => socket.destroy(error))
    socket.on('session', (next: Buffer) => {
      session = next
    })
    return socket.on('data', read)
  }
}
