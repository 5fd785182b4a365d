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

/** Makes connections to one server, which read into `read`. */
export function connector(to: Destination): (read: (bytes: Buffer) => void) => Socket {
  return to.isSecure ? secureConnector(to) : plainConnector(to)
}

/**
 * All of them read into the same memory: who reads it copies what he keeps before anything else is read. New memory for each 64 KiB was as much garbage again as
 * there is content, a third of the processor time of a large one.
 */
function plainConnector({ host, port }: Destination): (read: (bytes: Buffer) => void) => Socket {
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
function secureConnector({ host, port, ca }: Destination): (read: (bytes: Buffer) => void) => Socket {
  const servername = isIP(host) === 0 ? { servername: host } : {}
  const trusted = ca === undefined ? {} : { ca }
  let session: Buffer | undefined
  return (read) => {
    const known = session === undefined ? {} : { session }
    const socket = connectSecure({ host, port, ALPNProtocols: ['http/1.1'], ...servername, ...trusted, ...known })
    socket.setNoDelay(true).setKeepAlive(true)
    socket.on('session', (next: Buffer) => {
      session = next
    })
    return socket.on('data', read)
  }
}
