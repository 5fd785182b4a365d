import { DATA } from './packets.ts'

/** Longer than any server's packets: those of OpenSSH have 256 KiB at most. */
const MOST = 1024 * 1024
/** Length, type and id; then the length of the data. */
const HEAD = 9
const DATA_HEAD = HEAD + 4

export interface PacketHandler {
  /** A whole answer other than data, from its type on: the type, the id at 1, the fields from 5. It may be kept. */
  packet(packet: Buffer): void
  /** Where the data of a read go that comes now; undefined: nobody waits for it. */
  target(id: number, size: number): Uint8Array | undefined
  /** All data of the read are in their place. */
  filled(id: number, size: number): void
}

/**
 * Divides what a server sends into its answers. Data go straight to where they were asked for, however they are cut into pieces on their way.
 */
export class PacketParser {
  readonly #handler: PacketHandler
  /** The beginning of a packet that has not come as a whole. */
  #rest: Buffer | undefined
  #filling: { id: number; size: number; target: Uint8Array | undefined; done: number } | undefined

  constructor(handler: PacketHandler) {
    this.#handler = handler
  }

  /** Throws RangeError where it is not SFTP. */
  push(piece: Buffer): void {
    let bytes = this.#rest === undefined ? piece : Buffer.concat([this.#rest, piece])
    this.#rest = undefined
    while (bytes.byteLength > 0) {
      const taken = this.#filling === undefined ? this.#take(bytes) : this.#fill(bytes)
      if (taken === 0) {
        this.#rest = bytes
        return
      }
      bytes = bytes.subarray(taken)
    }
  }

  /** Gives how many bytes it took; 0: the packet goes on in the next piece. */
  #take(bytes: Buffer): number {
    if (bytes.byteLength < HEAD) return 0
    const length = bytes.readUInt32BE(0)
    if (length < 5 || length > MOST) throw new RangeError(`A packet of ${length} bytes`)
    if (bytes[4] === DATA) return this.#takeData(bytes, length)
    if (bytes.byteLength < 4 + length) return 0
    this.#handler.packet(bytes.subarray(4, 4 + length))
    return 4 + length
  }

  #takeData(bytes: Buffer, length: number): number {
    if (bytes.byteLength < DATA_HEAD) return 0
    const id = bytes.readUInt32BE(5)
    const size = bytes.readUInt32BE(HEAD)
    if (size !== length - 9) throw new RangeError(`${size} bytes of data in a packet of ${length}`)
    const target = this.#handler.target(id, size)
    if (target !== undefined && target.byteLength < size) {
      throw new RangeError(`${size} bytes of data where ${target.byteLength} were asked for`)
    }
    this.#filling = { id, size, target, done: 0 }
    if (size === 0) this.#end()
    return DATA_HEAD
  }

  #fill(bytes: Buffer): number {
    const filling = this.#filling
    if (filling === undefined) return 0
    const part = bytes.subarray(0, filling.size - filling.done)
    filling.target?.set(part, filling.done)
    filling.done += part.byteLength
    if (filling.done === filling.size) this.#end()
    return part.byteLength
  }

  #end(): void {
    const filling = this.#filling
    this.#filling = undefined
    if (filling !== undefined) this.#handler.filled(filling.id, filling.size)
  }
}
