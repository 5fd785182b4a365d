import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { allFeatures, Driver, type DriverFeatures, type DriverOptions } from '@onitu/test-utils'
import { SwiftServer } from '@onitu/test-utils/servers'
import { inParallel } from './in-parallel.ts'

const BUCKET = 'hub'

/** S3 knows no moves and no directories: a move is a new object and one that is gone. */
export const s3Features: DriverFeatures = {
  ...allFeatures,
  moveFileFromOnitu: false,
  moveFileToOnitu: false,
  moveTreeFromOnitu: false,
  moveTreeToOnitu: false,
  copyDirectoryFromOnitu: false,
  copyDirectoryToOnitu: false,
  deleteDirectoryFromOnitu: false,
  deleteDirectoryToOnitu: false,
  moveDirectoryFromOnitu: false,
  moveDirectoryToOnitu: false,
  detectMovedFileOnLaunch: false,
}

/** A Swift with the bucket that the services are in. */
export async function startS3(): Promise<SwiftServer> {
  const server = await SwiftServer.start()
  await server.request('PUT', BUCKET)
  return server
}

/** A service in a bucket of a real Swift; what its users do is done through Swift's own interface. */
export class S3Driver extends Driver {
  override readonly features = s3Features
  readonly type = createRequire(import.meta.url).resolve('@onitu/driver-s3')
  readonly #server: SwiftServer
  readonly #prefix = randomUUID()

  constructor(name: string, server: SwiftServer, options: DriverOptions = {}) {
    super(name, options)
    this.#server = server
  }

  override connect(): void {}

  override async close(): Promise<void> {}

  /** Directories exist as far as files are in them. */
  override async mkdir(): Promise<void> {}

  override async rmdir(path: string): Promise<void> {
    await inParallel(await this.below(path), 16, (name) => this.unlink(`${path}/${name}`))
  }

  override async write(path: string, content: Uint8Array | string): Promise<void> {
    await this.#succeed('PUT', path, Buffer.from(content))
  }

  override generate(path: string, size: number): Promise<void> {
    return this.write(path, randomBytes(size))
  }

  override async read(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.#succeed('GET', path)).arrayBuffer())
  }

  override async exists(path: string): Promise<boolean> {
    const response = await this.#server.request('HEAD', path)
    return response.ok
  }

  override async unlink(path: string): Promise<void> {
    await this.#succeed('DELETE', path)
  }

  override async rename(path: string, to: string): Promise<void> {
    await this.write(to, await this.read(path))
    await this.unlink(path)
  }

  override async checksum(path: string): Promise<string> {
    return createHash('md5')
      .update(await this.read(path))
      .digest('hex')
  }

  /** The names below a path, without it. */
  async below(path: string): Promise<string[]> {
    return [...(await this.listing(path)).keys()]
  }

  /** What is below a path, by name. `hash` is the MD5, but for objects that were uploaded by parts. */
  async listing(path: string): Promise<Map<string, { readonly bytes: number; readonly hash: string }>> {
    const prefix = `${path.slice(BUCKET.length + 1)}/`
    const query = `?format=json&limit=10000&prefix=${encodeURIComponent(prefix)}`
    const entries: unknown = await (await this.#server.request('GET', BUCKET, undefined, query)).json()
    if (!Array.isArray(entries)) throw new TypeError('Swift did not give a list')
    return new Map(
      entries.map((entry: { readonly name: string; readonly hash: string; readonly bytes: number }) => [
        entry.name.slice(prefix.length),
        entry,
      ]),
    )
  }

  /** Swift keeps parts in a container beside: those of an upload that is not ended come with an entry for the upload itself. */
  async unfinishedUploads(path: string): Promise<string[]> {
    const query = `?format=json&limit=10000&prefix=${encodeURIComponent(path.slice(BUCKET.length + 1))}`
    const response = await this.#server.request('GET', `${BUCKET}+segments`, undefined, query)
    const entries: unknown = response.status === 404 ? [] : await response.json()
    if (!Array.isArray(entries)) throw new TypeError('Swift did not give a list')
    const names = entries.map((entry: { readonly name: string }) => entry.name)
    return names.filter((name) => !/\/\d+$/.test(name))
  }

  protected override resolveFolder(folder: string): string {
    return `${BUCKET}/${this.#prefix}/${folder}`
  }

  protected override ownOptions() {
    const { endpoint, accessKey, secretKey } = this.#server
    const quick = { poll_fastest: 0.3, poll_slowest: 2 }
    return { endpoint, access_key: accessKey, secret_key: secretKey, ...quick }
  }

  async #succeed(method: string, path: string, body?: Uint8Array): Promise<Response> {
    const response = await this.#server.request(method, path, body)
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
    return response
  }
}
