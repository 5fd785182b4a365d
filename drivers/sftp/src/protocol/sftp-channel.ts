import type { Duplex } from 'node:stream'
import { PacketParser } from './packet-parser.ts'
import { encodeInit, encodeRequest, type Field, FieldReader, STATUS, VERSION } from './packets.ts'

/** What the server says of a request that gives nothing, or that failed. */
export interface Status {
  readonly type: 'status'
  /** 0 is success. */
  readonly code: number
  readonly message: string
}

/** What a request gave: the type of the packet, and its fields behind the id; for data how many bytes are in their place. */
export type Answer = Status | { readonly type: 'data'; readonly size: number } | Fields

interface Fields {
  readonly type: number
  readonly fields: FieldReader
}

export interface Request {
  readonly type: number
  readonly fields: readonly Field[]
  /** What a write carries, behind the fields. Left alone until it is answered. */
  readonly content?: Uint8Array
  /** Where the data of a read go. */
  readonly target?: Uint8Array
}

interface Pending {
  readonly target: Uint8Array | undefined
  readonly settle: (answer: Answer) => void
}

/** From so many bytes on a content is not copied together with other requests. */
const LARGE = 16 * 1024

/**
 * SFTP 3 on a channel. What is asked in one turn of the event loop goes in as few packets of SSH as hold it: such a packet costs more than all else
 * that is done for a request.
 */
export class SftpChannel {
  readonly #stream: Duplex
  readonly #failed: (reason: unknown) => void
  readonly #pending = new Map<number, Pending>()
  readonly #parser: PacketParser
  #unsent: Uint8Array[] = []
  #nextId = 0
  #greeted: ((extensions: ReadonlySet<string>) => void) | undefined
  #ended = false

  /** `failed`: the stream has ended, or what came is not SFTP. Nothing is answered any more. */
  constructor(stream: Duplex, failed: (reason: unknown) => void) {
    this.#stream = stream
    this.#failed = failed
    this.#parser = new PacketParser({
      packet: (packet) => this.#receive(packet),
      target: (id) => this.#pending.get(id)?.target,
      filled: (id, size) => this.#settle(id, { type: 'data', size }),
    })
    stream.on('data', (piece: Buffer) => this.#push(piece))
    stream.on('error', (error) => this.#fail(error))
    stream.on('close', () => this.#fail(undefined))
  }

  /** Resolves with the extensions of the server. */
  greet(): Promise<ReadonlySet<string>> {
    return new Promise((resolve) => {
      this.#greeted = resolve
      this.#stream.write(encodeInit())
    })
  }

  send({ type, fields, content, target }: Request, settle: (answer: Answer) => void): void {
    const id = this.#nextId
    this.#nextId = (id + 1) % 2 ** 32
    this.#pending.set(id, { target, settle })
    if (this.#unsent.length === 0) setImmediate(() => this.#flush())
    this.#unsent.push(encodeRequest(type, id, fields, content?.byteLength ?? 0))
    if (content !== undefined) this.#unsent.push(content)
  }

  /** Nothing is answered any more. */
  end(): void {
    this.#ended = true
    this.#pending.clear()
    this.#unsent = []
  }

  #flush(): void {
    const parts = this.#unsent
    this.#unsent = []
    if (this.#ended) return
    let small: Uint8Array[] = []
    for (const part of parts) {
      if (part.byteLength < LARGE) {
        small.push(part)
        continue
      }
      this.#write(small)
      small = []
      this.#stream.write(part)
    }
    this.#write(small)
  }

  #write(parts: readonly Uint8Array[]): void {
    if (parts.length > 0) this.#stream.write(Buffer.concat(parts))
  }

  #push(piece: Buffer): void {
    if (this.#ended) return
    try {
      this.#parser.push(piece)
    } catch (error) {
      this.#fail(error)
    }
  }

  #receive(packet: Buffer): void {
    const type = packet[0]
    if (type === VERSION) {
      this.#greeted?.(extensionsOf(new FieldReader(packet, 5)))
      return
    }
    const fields = new FieldReader(packet, 5)
    this.#settle(packet.readUInt32BE(1), type === STATUS ? statusOf(fields) : { type: type ?? 0, fields })
  }

  #settle(id: number, answer: Answer): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) throw new RangeError(`An answer to a request ${id} that nobody made`)
    this.#pending.delete(id)
    if (answer.type === 'data' && pending.target === undefined) throw new RangeError('Data that nobody asked for')
    pending.settle(answer)
  }

  #fail(reason: unknown): void {
    if (this.#ended) return
    this.end()
    this.#failed(reason)
  }
}

function statusOf(fields: FieldReader): Status {
  const code = fields.u32()
  // Some servers leave the message out.
  return { type: 'status', code, message: fields.isAtEnd ? `status ${code}` : fields.string() }
}

function extensionsOf(fields: FieldReader): ReadonlySet<string> {
  const names = new Set<string>()
  while (!fields.isAtEnd) {
    names.add(fields.string())
    fields.bytes()
  }
  return names
}
