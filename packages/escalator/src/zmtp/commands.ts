/** What ends the handshake: what kind of socket this is, and, if it has one, its name. */
export interface Ready {
  readonly socketType: string
  /** Empty: none. */
  readonly identity: Buffer
  /** What the other end has proved to own; undefined where nothing has to be proved. */
  readonly publicKey?: Buffer
}

export interface Command {
  readonly name: string
  readonly data: Buffer
}

const READY = 'READY'
/** Time to live (2 bytes, which nobody needs) and a context, which comes back in a PONG. */
const PING_TTL = 2
/** RFC 37 allows no more. */
const MAX_CONTEXT = 16

export function packReady(ready: Ready): Buffer {
  return packCommand(READY, packProperties(ready))
}

export function packProperties({ socketType, identity }: Ready): Buffer {
  return Buffer.concat([packProperty('Socket-Type', Buffer.from(socketType)), packProperty('Identity', identity)])
}

export function packPing(): Buffer {
  return packCommand('PING', Buffer.alloc(PING_TTL))
}

export function packPong(ping: Buffer): Buffer {
  return packCommand('PONG', ping.subarray(PING_TTL, PING_TTL + MAX_CONTEXT))
}

/** Undefined when it is none. */
export function parseCommand(body: Buffer): Command | undefined {
  const length = body[0]
  if (length === undefined || length === 0 || length >= body.byteLength) return undefined
  return { name: body.toString('latin1', 1, 1 + length), data: body.subarray(1 + length) }
}

/** Undefined when it is not the command that is due, or is malformed. */
export function parseReady(body: Buffer): Ready | undefined {
  const command = parseCommand(body)
  if (command?.name !== READY) return undefined
  const properties = parseProperties(command.data)
  return properties && readyOf(properties)
}

export function readyOf(properties: ReadonlyMap<string, Buffer>): Ready {
  return {
    socketType: properties.get('socket-type')?.toString('latin1') ?? '',
    identity: properties.get('identity') ?? Buffer.alloc(0),
  }
}

function packCommand(name: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name), data])
}

function packProperty(name: string, value: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(value.byteLength)
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name), length, value])
}

/** By name in lower case: names are case-blind. Undefined when they are malformed. */
export function parseProperties(data: Buffer): Map<string, Buffer> | undefined {
  const properties = new Map<string, Buffer>()
  for (let at = 0; at < data.byteLength; ) {
    const nameEnd = at + 1 + (data[at] ?? 0)
    if (nameEnd + 4 > data.byteLength) return undefined
    const end = nameEnd + 4 + data.readUInt32BE(nameEnd)
    if (end > data.byteLength) return undefined
    properties.set(data.toString('latin1', at + 1, nameEnd).toLowerCase(), data.subarray(nameEnd + 4, end))
    at = end
  }
  return properties
}
