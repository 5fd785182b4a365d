import type { HttpResponse } from './http/http-client.ts'
import type { S3Client, S3Request } from './s3-client.ts'
import { S3StatusError } from './s3-error.ts'
import { elements, escapeXml, textOf } from './xml.ts'

/** An object as the service describes it. */
export interface S3Object {
  readonly key: string
  /** With its quotes. */
  readonly etag: string
  readonly size: number
  /** ms since 1970, whole seconds on most services. */
  readonly modified: number
}

export interface Part {
  readonly number: number
  readonly etag: string
  readonly size: number
}

export interface ListedPage {
  /** In the order of their keys on most services. Each call takes them out of the answer anew. */
  objects(): S3Object[]
  /** What the next page is asked for with; undefined: there is none. */
  readonly next: string | undefined
}

/** Where a page begins: after this key, or where the one before has ended; neither: with the first object. */
export interface PageStart {
  readonly after?: string
  readonly token?: string
}

type Signal = AbortSignal | undefined
type Headers = Readonly<Record<string, string>>
type WriteOptions = Pick<S3Request, 'signal' | 'isNext'>

/** What this driver needs of a bucket, in the terms of S3. */
export class Bucket {
  readonly name: string
  readonly #client: S3Client

  constructor(client: S3Client, name: string) {
    this.#client = client
    this.name = name
  }

  /** undefined when there is no such object. */
  async head(key: string, signal?: Signal): Promise<S3Object | undefined> {
    try {
      return describe(key, await this.#send({ method: 'HEAD', key, signal }))
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw await this.#explained(error)
    }
  }

  /**
   * Not by HEAD: an answer without a body to it that says 404 ends the connection on some services (OpenStack Swift), and each new one takes several
   * round trips over TLS.
   */
  async exists(key: string, signal?: Signal): Promise<boolean> {
    try {
      await this.#send({ method: 'GET', key, headers: { range: 'bytes=0-0' }, signal })
      return true
    } catch (error) {
      if (isAbsent(error)) return false
      // It is empty.
      if (error instanceof S3StatusError && error.status === 416) return true
      throw error
    }
  }

  /** The content of the object in this state, or a part of it; 412 when it has another one. */
  async get(
    key: string,
    etag: string,
    range: string | undefined,
    signal: Signal,
    into?: Uint8Array,
  ): Promise<HttpResponse> {
    const headers = { 'if-match': etag, ...(range === undefined ? {} : { range }) }
    return this.#send({ method: 'GET', key, headers, signal, into })
  }

  /** Gives the etag. */
  async put(key: string, body: Uint8Array, headers: Headers, { signal, isNext }: WriteOptions = {}): Promise<string> {
    return etagOf(await this.#send({ method: 'PUT', key, body, headers, signal, isNext }))
  }

  async delete(key: string, signal?: Signal): Promise<void> {
    await this.#send({ method: 'DELETE', key, signal })
  }

  /** A thousand of the objects below a prefix. */
  async listPage(prefix: string, { after, token }: PageStart): Promise<ListedPage> {
    const query = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': '1000',
      prefix,
      ...(after === undefined ? {} : { 'start-after': after }),
      ...(token === undefined ? {} : { 'continuation-token': token }),
    }
    const xml = (await this.#send({ method: 'GET', key: '', query })).body.toString('utf8')
    const isLast = textOf(xml, 'IsTruncated') !== 'true'
    return { objects: () => objectsOf(xml), next: isLast ? undefined : textOf(xml, 'NextContinuationToken') }
  }

  /** Gives the id of a new upload by parts. */
  async createUpload(key: string, headers: Headers, signal?: Signal): Promise<string> {
    const response = await this.#send({ method: 'POST', key, query: { uploads: '' }, headers, signal })
    return required(response, 'UploadId')
  }

  async putPart(key: string, id: string, number: number, body: Uint8Array, signal?: Signal): Promise<string> {
    const query = { partNumber: String(number), uploadId: id }
    return etagOf(await this.#send({ method: 'PUT', key, query, body, signal }))
  }

  /** undefined when there is no such upload. */
  async listParts(key: string, id: string): Promise<Part[] | undefined> {
    const parts: Part[] = []
    let marker: string | undefined = '0'
    try {
      while (marker !== undefined) {
        const query: Record<string, string> = { uploadId: id, 'part-number-marker': marker }
        const xml = (await this.#send({ method: 'GET', key, query })).body.toString('utf8')
        parts.push(...elements(xml, 'Part').map(partOf))
        marker = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextPartNumberMarker') : undefined
      }
      return parts
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /** Gives the etag of the whole. */
  async completeUpload(
    key: string,
    id: string,
    parts: readonly Part[],
    headers: Headers,
    { signal, isNext }: WriteOptions = {},
  ): Promise<string> {
    const list = parts.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    )
    const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
    const query = { uploadId: id }
    const response = await this.#send({ method: 'POST', key, query, body, headers, signal, isNext })
    // The status comes before the work is done, so a failure may be in the body of a success.
    const xml = response.body.toString('utf8')
    const code = textOf(xml, 'Code')
    if (code === undefined) return required(response, 'ETag')
    throw new S3StatusError(500, code, `Completing ${JSON.stringify(key)}: ${code} ${textOf(xml, 'Message') ?? ''}`)
  }

  /** What is gone already is no error. */
  async abortUpload(key: string, id: string): Promise<void> {
    try {
      await this.#send({ method: 'DELETE', key, query: { uploadId: id } })
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
  }

  /** The uploads that are not finished, below a prefix. */
  async listUploads(prefix: string): Promise<{ readonly key: string; readonly id: string }[]> {
    const query = { uploads: '', prefix, 'max-uploads': '1000' }
    const xml = (await this.#send({ method: 'GET', key: '', query })).body.toString('utf8')
    return elements(xml, 'Upload').map((one) => ({ key: textOf(one, 'Key') ?? '', id: textOf(one, 'UploadId') ?? '' }))
  }

  /** The answer to a HEAD has no body that would say why: the same refusal of another request has one. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof S3StatusError) || error.status < 300 || error.status >= 404) return error
    try {
      await this.#send({ method: 'GET', key: '', query: { 'list-type': '2', 'max-keys': '1' } })
      return error
    } catch (explained) {
      return explained
    }
  }

  #send(request: Omit<S3Request, 'bucket'>): Promise<HttpResponse> {
    return this.#client.send({ bucket: this.name, ...request })
  }
}

export function isAbsent(error: unknown): boolean {
  return error instanceof S3StatusError && error.status === 404 && error.code !== 'NoSuchBucket'
}

function describe(key: string, { headers }: HttpResponse): S3Object {
  return {
    key,
    etag: String(headers.etag ?? ''),
    size: Number(headers['content-length'] ?? 0),
    modified: Date.parse(String(headers['last-modified'] ?? '')),
  }
}

function objectsOf(xml: string): S3Object[] {
  const encoded = textOf(xml, 'EncodingType') === 'url'
  return elements(xml, 'Contents').map((one) => listed(one, encoded))
}

function listed(xml: string, encoded: boolean): S3Object {
  const key = textOf(xml, 'Key') ?? ''
  return {
    key: encoded ? decodeURIComponent(key.replaceAll('+', ' ')) : key,
    etag: textOf(xml, 'ETag') ?? '',
    size: Number(textOf(xml, 'Size') ?? 0),
    modified: Date.parse(textOf(xml, 'LastModified') ?? ''),
  }
}

function partOf(xml: string): Part {
  return {
    number: Number(textOf(xml, 'PartNumber')),
    etag: textOf(xml, 'ETag') ?? '',
    size: Number(textOf(xml, 'Size')),
  }
}

function etagOf({ headers }: HttpResponse): string {
  const { etag } = headers
  if (typeof etag === 'string' && etag !== '') return etag
  throw new S3StatusError(500, 'NoETag', 'The service took the content but did not say its ETag')
}

function required(response: HttpResponse, name: string): string {
  const text = textOf(response.body.toString('utf8'), name)
  if (text !== undefined) return text
  throw new S3StatusError(500, 'BadAnswer', `The answer of the service has no ${name}`)
}
