import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface StoredObject {
  readonly body: Buffer
  readonly etag: string
  readonly modified: Date
}

interface Upload {
  readonly key: string
  readonly parts: Map<number, Buffer>
}

interface Asked {
  readonly method: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export class Refusal extends Error {
  readonly status: number

  constructor(status: number, code: string) {
    super(code)
    this.status = status
  }
}

/**
 * As much of S3 as the driver uses, in memory, with conditional writes as Amazon specifies them: 412 where the object has another ETag (If-Match) or is
 * there at all (If-None-Match: *), 404 where If-Match names one that is gone. No server in Debian has them. One bucket, which is never said to be missing.
 */
export class ConditionalS3 {
  readonly objects = new Map<string, StoredObject>()
  readonly uploads = new Map<string, Upload>()
  /** Every request: `PUT key`. */
  readonly requests: string[] = []
  /** Where each page of the listing was asked to begin. */
  readonly listings: string[] = []
  /** Runs when a write has arrived, before it is judged and carried out: what a user does in the worst moment. */
  beforeWrite: ((key: string) => void) | undefined
  /** It ends in the middle of so many writes and deletions of objects: they are carried out, but not answered and not listed. */
  lost = 0
  /** What the listing says of keys, where that is not what is there; undefined: nothing. */
  readonly stale = new Map<string, StoredObject | undefined>()
  /** Objects in a page of the listing. */
  pageSize = 1000
  /** Is waited for before a page is given; the first one has the number 0, and so has one that begins after a key. */
  beforePage: ((number: number) => Promise<void> | undefined) | undefined
  /** False: it knows of no conditions, and says so (501), as OpenStack Swift does. */
  isConditional = true
  /** False: each request needs a new connection, so none is sent again because it had been closed meanwhile. */
  keepsConnections = true
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response))

  static async start(): Promise<ConditionalS3> {
    const s3 = new ConditionalS3()
    s3.#server.listen(0, '127.0.0.1')
    await once(s3.#server, 'listening')
    return s3
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  put(key: string, body: Uint8Array, etag = etagOf(body)): StoredObject {
    const stored = { body: Buffer.from(body), etag, modified: new Date() }
    this.objects.set(key, stored)
    return stored
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    if (body === undefined) return
    const { pathname, searchParams } = new URL(request.url ?? '/', this.endpoint)
    const [, , ...key] = pathname.split('/')
    const { method = '', headers } = request
    if (!this.keepsConnections) response.shouldKeepAlive = false
    const asked = { method, headers, key: decodeURIComponent(key.join('/')), query: searchParams }
    this.requests.push(`${method} ${asked.key}`)
    try {
      if (isListing(asked)) {
        this.listings.push(asked.query.get('start-after') ?? asked.query.get('continuation-token') ?? '')
        await this.beforePage?.(Number(asked.query.get('continuation-token') ?? 0) / this.pageSize)
      }
      this.#answer({ ...asked, body }, response)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      response.writeHead(error.status).end(method === 'HEAD' ? '' : `<Error><Code>${error.message}</Code></Error>`)
    }
  }

  #answer(asked: Asked, response: ServerResponse): void {
    const { method, key, query } = asked
    if (key === '') response.end(query.has('uploads') ? this.#listUploads(query) : this.#list(query))
    else if (query.has('uploads') || query.has('uploadId')) this.#multipart(asked, response)
    else if (method === 'PUT') {
      this.#judge(asked)
      this.#mayBeLost(key, response)
      response.setHeader('etag', this.put(key, asked.body).etag).end()
    } else if (method === 'DELETE') {
      this.#mayBeLost(key, response)
      this.objects.delete(key)
      response.writeHead(204).end()
    } else this.#get(asked, response)
  }

  #mayBeLost(key: string, response: ServerResponse): void {
    if (this.lost === 0) {
      this.stale.delete(key)
      return
    }
    this.lost--
    this.stale.set(key, this.objects.get(key))
    response.destroy()
  }

  /** The condition of a write. */
  #judge({ key, headers }: Asked): void {
    this.beforeWrite?.(key)
    const found = this.objects.get(key)
    const match = headers['if-match']
    const hasCondition = match !== undefined || headers['if-none-match'] !== undefined
    if (hasCondition && !this.isConditional) throw new Refusal(501, 'NotImplemented')
    if (headers['if-none-match'] === '*' && found !== undefined) throw new Refusal(412, 'PreconditionFailed')
    if (match === undefined) return
    if (found === undefined) throw new Refusal(404, 'NoSuchKey')
    if (found.etag !== match) throw new Refusal(412, 'PreconditionFailed')
  }

  #get({ method, key, headers }: Asked, response: ServerResponse): void {
    const found = this.objects.get(key)
    if (found === undefined) throw new Refusal(404, 'NoSuchKey')
    const match = headers['if-match']
    if (match !== undefined && match !== found.etag) throw new Refusal(412, 'PreconditionFailed')
    const [, from = '0', to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    const body = found.body.subarray(Number(from), to === undefined ? undefined : Number(to) + 1)
    response.setHeader('etag', found.etag).setHeader('last-modified', found.modified.toUTCString())
    response.setHeader('content-length', body.byteLength)
    response.writeHead(headers.range === undefined ? 200 : 206).end(method === 'HEAD' ? undefined : body)
  }

  #multipart(asked: Asked, response: ServerResponse): void {
    const { method, key, query, body } = asked
    if (query.has('uploads')) {
      const id = randomUUID()
      this.uploads.set(id, { key, parts: new Map() })
      response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
      return
    }
    const id = query.get('uploadId') ?? ''
    const upload = this.uploads.get(id)
    if (upload === undefined) throw new Refusal(404, 'NoSuchUpload')
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body)
      response.setHeader('etag', etagOf(body)).end()
    } else if (method === 'GET') response.end(listParts(upload))
    else if (method === 'DELETE') {
      this.uploads.delete(id)
      response.writeHead(204).end()
    } else {
      this.#judge(asked)
      this.#mayBeLost(key, response)
      this.uploads.delete(id)
      const parts = [...upload.parts].sort(([one], [other]) => one - other).map(([, part]) => part)
      const { etag } = this.put(key, Buffer.concat(parts), etagOfAll(parts))
      response.end(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`)
    }
  }

  #list(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? ''
    const listed = new Map([...this.objects, ...this.stale])
    const found = [...listed].filter(([key]) => key.startsWith(prefix)).sort(([one], [other]) => (one < other ? -1 : 1))
    const after = query.get('start-after')
    const begin = after === null ? 0 : found.filter(([key]) => key <= after).length
    const from = Number(query.get('continuation-token') ?? begin)
    const to = from + this.pageSize
    const page = found.slice(from, to)
    const isLast = found.length <= to
    const more = isLast ? '' : `<NextContinuationToken>${to}</NextContinuationToken>`
    const entries = page.map(([key, object]) => {
      if (object === undefined) return ''
      const { body, etag, modified } = object
      return `<Contents><Key>${encodeURIComponent(key)}</Key><ETag>${etag}</ETag><Size>${body.byteLength}</Size><LastModified>${modified.toISOString()}</LastModified></Contents>`
    })
    return `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${!isLast}</IsTruncated>${more}${entries.join('')}</ListBucketResult>`
  }

  #listUploads(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? ''
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix))
    const entries = found.map(([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
    return `<ListMultipartUploadsResult>${entries.join('')}</ListMultipartUploadsResult>`
  }
}

function isListing({ key, query }: Pick<Asked, 'key' | 'query'>): boolean {
  return key === '' && !query.has('uploads')
}

function listParts({ parts }: Upload): string {
  const entries = [...parts].map(
    ([number, body]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etagOf(body)}</ETag><Size>${body.byteLength}</Size></Part>`,
  )
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListPartsResult>`
}

/** As Amazon makes it. */
function etagOfAll(parts: readonly Buffer[]): string {
  const digests = parts.map((part) => createHash('md5').update(part).digest())
  return etagOf(Buffer.concat(digests)).replace(/"$/, `-${parts.length}"`)
}

/** undefined: the client has given it up. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  try {
    for await (const part of request) parts.push(part as Buffer)
    return Buffer.concat(parts)
  } catch (error) {
    if (request.complete || !request.destroyed) throw error
    return undefined
  }
}

function etagOf(body: Uint8Array): string {
  return `"${createHash('md5').update(body).digest('hex')}"`
}
