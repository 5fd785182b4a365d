/*
 * SFTP version 3, as OpenSSH speaks it: draft-ietf-secsh-filexfer-02, and the file PROTOCOL of OpenSSH for the extensions.
 */

const INIT = 1
export const VERSION = 2
export const OPEN = 3
export const CLOSE = 4
export const READ = 5
export const WRITE = 6
export const LSTAT = 7
export const FSTAT = 8
export const SETSTAT = 9
export const FSETSTAT = 10
export const OPENDIR = 11
export const READDIR = 12
export const REMOVE = 13
export const MKDIR = 14
export const RMDIR = 15
export const STAT = 17
export const RENAME = 18
export const STATUS = 101
export const HANDLE = 102
export const DATA = 103
export const NAME = 104
export const ATTRS = 105
export const EXTENDED = 200
export const EXTENDED_REPLY = 201

const ATTR_SIZE = 1
const ATTR_OWNER = 2
const ATTR_PERMISSIONS = 4
const ATTR_TIMES = 8
const ATTR_EXTENDED = 0x80000000

/** What SFTP 3 tells of a file; what a server leaves out is 0. */
export interface SftpAttributes {
  readonly size: number
  /** Type and permission bits. */
  readonly mode: number
  /** Seconds since 1970. */
  readonly mtime: number
}

/** What may be set; `mtime` in whole seconds. */
export interface GivenAttributes {
  readonly mode?: number
  readonly mtime?: number
}

export interface DirectoryEntry {
  readonly filename: string
  readonly attrs: SftpAttributes
}

/** How a file is opened. `new`: it must not be there yet. */
export type OpenMode = 'read' | 'both' | 'new'

const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = { read: 0x01, both: 0x03, new: 0x02 | 0x08 | 0x20 }

/** A field of a request: a string of bytes, a number of 32 bits, one of 64, or raw bytes. */
export type Field = string | Uint8Array | { readonly u32: number } | { readonly u64: number } | { readonly raw: Buffer }

/** A whole packet. `after`: bytes of the last field that are sent behind it, so that they need not be copied. */
export function encodeRequest(type: number, id: number, fields: readonly Field[], after = 0): Buffer {
  let size = 5
  for (const field of fields) size += sizeOf(field)
  const packet = Buffer.allocUnsafe(4 + size)
  packet.writeUInt32BE(size + after, 0)
  packet[4] = type
  packet.writeUInt32BE(id, 5)
  let at = 9
  for (const field of fields) {
    putField(packet, at, field)
    at += sizeOf(field)
  }
  return packet
}

export function encodeInit(): Buffer {
  return Buffer.from([0, 0, 0, 5, INIT, 0, 0, 0, 3])
}

export function openFields(path: string, mode: OpenMode): Field[] {
  return [path, { u32: OPEN_FLAGS[mode] }, NO_ATTRIBUTES]
}

export const NO_ATTRIBUTES: Field = { u32: 0 }

export function attributeFields({ mode, mtime }: GivenAttributes): Field[] {
  const flags = (mode === undefined ? 0 : ATTR_PERMISSIONS) | (mtime === undefined ? 0 : ATTR_TIMES)
  return [
    { u32: flags },
    ...(mode === undefined ? [] : [{ u32: mode }]),
    ...(mtime === undefined ? [] : [{ u32: mtime }, { u32: mtime }]),
  ]
}

function sizeOf(field: Field): number {
  if (typeof field === 'string') return 4 + Buffer.byteLength(field)
  if (field instanceof Uint8Array) return 4 + field.byteLength
  if ('raw' in field) return field.raw.byteLength
  return 'u32' in field ? 4 : 8
}

function putField(packet: Buffer, at: number, field: Field): void {
  if (typeof field === 'string') packet.writeUInt32BE(packet.write(field, at + 4), at)
  else if (field instanceof Uint8Array) {
    packet.writeUInt32BE(field.byteLength, at)
    packet.set(field, at + 4)
  } else if ('raw' in field) packet.set(field.raw, at)
  else if ('u32' in field) packet.writeUInt32BE(field.u32, at)
  else {
    packet.writeUInt32BE(Math.floor(field.u64 / 2 ** 32), at)
    packet.writeUInt32BE(field.u64 % 2 ** 32, at + 4)
  }
}

/** Reads the fields of an answer one after the other. Throws RangeError where it is shorter than it says. */
export class FieldReader {
  readonly #packet: Buffer
  #at: number

  constructor(packet: Buffer, at: number) {
    this.#packet = packet
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#packet.byteLength
  }

  u32(): number {
    this.#at += 4
    return this.#packet.readUInt32BE(this.#at - 4)
  }

  u64(): number {
    return this.u32() * 2 ** 32 + this.u32()
  }

  bytes(): Buffer {
    const size = this.u32()
    const start = this.#at
    if (start + size > this.#packet.byteLength) throw new RangeError('A string ends behind its packet')
    this.#at += size
    return this.#packet.subarray(start, start + size)
  }

  /** Decoded as UTF-8; what is not UTF-8 has U+FFFD in it. */
  string(): string {
    return this.bytes().toString('utf8')
  }

  attributes(): SftpAttributes {
    const flags = this.u32()
    const size = flags & ATTR_SIZE ? this.u64() : 0
    if (flags & ATTR_OWNER) this.u64()
    const mode = flags & ATTR_PERMISSIONS ? this.u32() : 0
    const times = flags & ATTR_TIMES ? [this.u32(), this.u32()] : []
    if (flags & ATTR_EXTENDED) this.#skipPairs(this.u32())
    return { size, mode, mtime: times[1] ?? 0 }
  }

  entries(): DirectoryEntry[] {
    return Array.from({ length: this.u32() }, () => {
      const filename = this.string()
      // The line that `ls -l` would show.
      this.bytes()
      return { filename, attrs: this.attributes() }
    })
  }

  #skipPairs(count: number): void {
    for (let pair = 0; pair < count; pair++) {
      this.bytes()
      this.bytes()
    }
  }
}
