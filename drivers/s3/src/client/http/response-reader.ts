/** Names in lower case; a header that came more than once has its values joined by `, `. */
export type ResponseHeaders = Readonly<Record<string, string | undefined>>

export interface ResponseHead {
  readonly status: number
  readonly headers: ResponseHeaders
  /** The server closes the connection after this answer, or nothing else would tell where it ends. */
  readonly isLast: boolean
}

export interface ResponseSink {
  head(head: ResponseHead): void
  /** The bytes are in memory that is used again: what is kept has to be copied. */
  body(part: Buffer): void
  end(): void
}

/** What came is not an answer in HTTP/1.1. */
export class BadAnswer extends Error {}

/** Bytes of a head, or of another line, as much as Node's own client takes. */
const LONGEST = 16 * 1024
const EMPTY = Buffer.alloc(0)

type Step = 'head' | 'sized' | 'unsized' | 'chunk size' | 'chunk' | 'chunk end' | 'trailer' | 'done'

/** Reads one answer to a request with `method` from the bytes of a connection (RFC 9112). What is ambiguous there is refused. */
export class ResponseReader {
  readonly #method: string
  readonly #sink: ResponseSink
  #step: Step = 'head'
  /** What could not be read yet, since it is not complete. */
  #kept: Buffer = EMPTY
  /** Bytes that are missing of the body, or of the chunk. */
  #missing = 0

  constructor(method: string, sink: ResponseSink) {
    this.#method = method
    this.#sink = sink
  }

  get isDone(): boolean {
    return this.#step === 'done'
  }

  /** Gives how many bytes came that are not of this answer. @throws BadAnswer */
  read(bytes: Buffer): number {
    const all = this.#kept.byteLength === 0 ? bytes : Buffer.concat([this.#kept, bytes])
    this.#kept = EMPTY
    let at = 0
    while (at < all.byteLength && this.#step !== 'done') {
      const next = this.#take(all, at)
      if (next === undefined) {
        this.#kept = Buffer.from(all.subarray(at))
        return 0
      }
      at = next
    }
    return all.byteLength - at
  }

  /** The connection has ended. @throws BadAnswer where the answer has not */
  end(): void {
    if (this.#step === 'unsized') this.#finish()
    else if (this.#step !== 'done') throw new BadAnswer('the connection ended in the middle of an answer')
  }

  /** Reads what begins at `at` and gives where it ends; undefined: more has to come first. */
  #take(bytes: Buffer, at: number): number | undefined {
    switch (this.#step) {
      case 'head':
        return this.#takeHead(bytes, at)
      case 'sized':
      case 'chunk':
        return this.#takeSized(bytes, at)
      case 'unsized':
        this.#sink.body(bytes.subarray(at))
        return bytes.byteLength
      default:
        return this.#takeLine(bytes, at)
    }
  }

  #takeHead(bytes: Buffer, at: number): number | undefined {
    const end = endOf(bytes, at, '\r\n\r\n')
    if (end === undefined) return undefined
    const lines = bytes.toString('latin1', at, end).split('\r\n')
    const { status, version } = statusOf(lines)
    // 100 Continue and the like: the answer itself is still to come.
    if (status < 200) {
      if (status === 101) throw new BadAnswer('the server has changed to another protocol')
      return end + 4
    }
    const headers = headersOf(lines)
    const step = this.#framing(status, headers)
    // Swift ends a body that it must not send after a HEAD, so that something would stand before the next answer.
    const hasStrayEnd = this.#method === 'HEAD' && headers['transfer-encoding'] !== undefined
    const isLast = step === 'unsized' || hasStrayEnd || !staysOpen(version, headers)
    this.#step = step
    this.#sink.head({ status, headers, isLast })
    if (step === 'done') this.#sink.end()
    return end + 4
  }

  /** How the end of the body is told: RFC 9112, 6.3. */
  #framing(status: number, headers: ResponseHeaders): Step {
    if (this.#method === 'HEAD' || status === 204 || status === 304) return 'done'
    const { 'transfer-encoding': encoding, 'content-length': length } = headers
    if (encoding !== undefined) {
      if (length !== undefined) throw new BadAnswer('it has Transfer-Encoding and Content-Length')
      if (encoding.toLowerCase() !== 'chunked') throw new BadAnswer(`its Transfer-Encoding is ${encoding}`)
      return 'chunk size'
    }
    if (length === undefined) return 'unsized'
    if (!/^\d{1,15}$/.test(length)) throw new BadAnswer(`its Content-Length is ${length}`)
    this.#missing = Number(length)
    return this.#missing === 0 ? 'done' : 'sized'
  }

  #takeSized(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.byteLength, at + this.#missing)
    this.#missing -= end - at
    this.#sink.body(at === 0 && end === bytes.byteLength ? bytes : bytes.subarray(at, end))
    if (this.#missing > 0) return end
    if (this.#step === 'chunk') this.#step = 'chunk end'
    else this.#finish()
    return end
  }

  #takeLine(bytes: Buffer, at: number): number | undefined {
    const end = endOf(bytes, at, '\r\n')
    if (end === undefined) return undefined
    const line = bytes.toString('latin1', at, end)
    if (this.#step === 'chunk size') {
      const size = /^([\da-f]{1,12})[ \t]*(;|$)/i.exec(line)?.[1]
      if (size === undefined) throw new BadAnswer(`a chunk begins with ${JSON.stringify(line.slice(0, 40))}`)
      this.#missing = Number.parseInt(size, 16)
      this.#step = this.#missing === 0 ? 'trailer' : 'chunk'
    } else if (this.#step === 'chunk end') {
      if (line !== '') throw new BadAnswer('a chunk is longer than it says')
      this.#step = 'chunk size'
    } else if (line === '') this.#finish()
    return end + 2
  }

  #finish(): void {
    this.#step = 'done'
    this.#sink.end()
  }
}

function endOf(bytes: Buffer, at: number, mark: string): number | undefined {
  const end = bytes.indexOf(mark, at, 'latin1')
  if ((end === -1 ? bytes.byteLength : end) - at > LONGEST)
    throw new BadAnswer(`a head or a line is longer than ${LONGEST} bytes`)
  return end === -1 ? undefined : end
}

function statusOf([line = '']: readonly string[]): { readonly status: number; readonly version: string } {
  const [, version, status] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(line) ?? []
  if (version === undefined) throw new BadAnswer(`it begins with ${JSON.stringify(line.slice(0, 40))}`)
  return { status: Number(status), version }
}

function headersOf(lines: readonly string[]): ResponseHeaders {
  const headers: Record<string, string | undefined> = Object.create(null)
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const colon = line.indexOf(':')
    const name = colon < 1 ? undefined : nameOf(line.slice(0, colon))
    if (name === undefined) throw new BadAnswer(`a header is ${JSON.stringify(line.slice(0, 40))}`)
    const value = line.slice(colon + 1).trim()
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}, ${value}`
  }
  return headers
}

/** Names of headers as they came, with what they are: each answer of a server has the same ones. */
const names = new Map<string, string>()
const MOST_NAMES = 100

/** Undefined for what is none: also one with a space before the colon, and a line that goes on with the one before. Both were used to have two programs read different answers. */
function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined) return known
  if (/[^!#-'*+\-.0-9A-Z^_`a-z|~]/.test(text)) return undefined
  const name = text.toLowerCase()
  if (names.size < MOST_NAMES) names.set(text, name)
  return name
}

function staysOpen(version: string, { connection = '' }: ResponseHeaders): boolean {
  const wishes = connection.toLowerCase()
  return version === '1' ? !wishes.includes('close') : wishes.includes('keep-alive')
}
