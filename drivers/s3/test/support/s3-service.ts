import { randomUUID } from 'node:crypto'
import type { OptionValue } from '@onitu/plug'
import { waitUntil } from '@onitu/test-utils'
import type { Access, Fault, Place } from '@onitu/test-utils/conformance'
import { SwiftServer } from '@onitu/test-utils/servers'
import { Bucket } from '../../src/client/bucket.ts'
import { S3Client } from '../../src/client/s3-client.ts'
import { readOptions } from '../../src/options/read-options.ts'

const BUCKET = 'conformance'
/** Seconds, where a connection is silenced on purpose. Elsewhere a busy machine may take longer to answer. */
const IMPATIENT = 4
/** Where Swift puts the parts of uploads. */
const PARTS = `${BUCKET}+segments`
const { accessKey: GUEST, secretKey: GUEST_SECRET } = SwiftServer.guest
const MARKER = '.onitu/folder'

function optionsOf(server: SwiftServer): Record<string, OptionValue> {
  const { endpoint, accessKey, secretKey } = server
  const quick = { poll_fastest: 0.2, poll_slowest: 1 }
  return { endpoint, access_key: accessKey, secret_key: secretKey, ...quick }
}

/** One server for all places. */
export class S3Bench {
  readonly faults: Fault[] = s3Faults(() => this.#start())
  #server: Promise<SwiftServer> | undefined

  async place(): Promise<Place> {
    return s3Place(await this.#start())
  }

  async close(): Promise<void> {
    await (await this.#server)?.close()
  }

  #start(): Promise<SwiftServer> {
    this.#server ??= SwiftServer.start()
    return this.#server
  }
}

/** A prefix in a bucket, which is worked on through Swift's own interface. */
async function s3Place(server: SwiftServer): Promise<Place> {
  const above = randomUUID()
  const root = `${BUCKET}/${above}/folder`
  await succeed(server, 'PUT', BUCKET)
  await succeed(server, 'PUT', `${BUCKET}/${above}/folder beside/file`, Buffer.from('of somebody else'))
  const access = swiftAccess(server, `${above}/folder/`)
  return {
    path: root,
    options: optionsOf(server),
    access,
    outside: async () => (await listed(server, `${above}/`)).filter((name) => !name.startsWith(`${above}/folder/`)),
    secrets: [server.secretKey],
    network: {
      host: server.host,
      port: server.port,
      through: (host, port) => ({ ...optionsOf(server), endpoint: `http://${host}:${port}`, timeout: IMPATIENT }),
      isOnlyAccess: true,
      async stop() {
        await server.stop()
        return () => server.resume()
      },
    },
    async hide() {
      const marker = await access.read(MARKER)
      await access.remove(MARKER)
      return () => access.write(MARKER, marker ?? new Uint8Array())
    },
    async remove() {
      for (const name of await listed(server, `${above}/`)) await server.request('DELETE', `${BUCKET}/${name}`)
    },
  }
}

function swiftAccess(server: SwiftServer, prefix: string): Access {
  const at = (path: string) => `${BUCKET}/${prefix}${path}`
  const access: Access = {
    write: (path, content) => succeed(server, 'PUT', at(path), content),
    async read(path) {
      const response = await server.request('GET', at(path))
      const body = new Uint8Array(await response.arrayBuffer())
      return response.status === 404 ? undefined : body
    },
    async remove(path) {
      const names = await listed(server, prefix + path)
      for (const name of names.filter((one) => one === prefix + path || one.startsWith(`${prefix}${path}/`)))
        await succeed(server, 'DELETE', `${BUCKET}/${name}`)
    },
    async rename(path, to) {
      const names = await listed(server, prefix + path)
      for (const name of names.filter((one) => one === prefix + path || one.startsWith(`${prefix}${path}/`))) {
        const old = name.slice(prefix.length)
        await access.write(to + old.slice(path.length), (await access.read(old)) ?? new Uint8Array())
        await succeed(server, 'DELETE', `${BUCKET}/${name}`)
      }
    },
    makeDirectory: async () => undefined,
    async list() {
      const uploads = await bucketOf(server).listUploads(prefix)
      const names = await listed(server, prefix)
      return [...names.map((name) => name.slice(prefix.length)), ...uploads.map(({ key }) => `upload ${key}`)].sort()
    },
  }
  return access
}

/** Unfinished uploads are known to the interface of S3 only. */
function bucketOf(server: SwiftServer): Bucket {
  return new Bucket(new S3Client(readOptions(optionsOf(server))), BUCKET)
}

/** Of the bucket, and of that of its parts: quota and rights. */
async function configure(server: SwiftServer, headers: Readonly<Record<string, string>>): Promise<void> {
  for (const container of [BUCKET, PARTS]) {
    const { ok, status } = await server.request('PUT', container, undefined, '', null, headers)
    if (!ok) throw new Error(`PUT ${container}: ${status}`)
  }
}

async function succeed(server: SwiftServer, method: string, path: string, body?: Uint8Array): Promise<void> {
  // A server that was just started, or is busy, asks for patience: 503.
  const response = await waitUntil(
    async () => {
      const answer = await server.request(method, path, body)
      await answer.arrayBuffer()
      return answer.status === 503 ? undefined : answer
    },
    { timeout: 20_000, what: `${method} ${path}: 503` },
  )
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
}

async function listed(server: SwiftServer, prefix: string): Promise<string[]> {
  const query = `?format=json&limit=10000&prefix=${encodeURIComponent(prefix)}`
  const entries: unknown = await (await server.request('GET', BUCKET, undefined, query)).json()
  return Array.isArray(entries) ? entries.map((entry: { name: string }) => entry.name) : []
}

/** What a service can refuse. `server`: that of the places. */
function s3Faults(server: () => Promise<SwiftServer>): Fault[] {
  const fault = (title: string, code: string, options: Record<string, OptionValue>): Fault => ({
    title,
    code,
    at: 'start',
    begin: async () => ({ options, end: async () => undefined }),
  })
  return [
    fault('a wrong secret', 'AUTHENTICATION_FAILED', { secret_key: 'wrong' }),
    fault('a secret that is not there', 'NO_SECRET', { secret_key: '', secret_key_env: 'ONITU_NOT_SET' }),
    fault('nothing to log in with', 'NO_CREDENTIALS', { secret_key: '' }),
    fault('a key that may do nothing', 'EACCES', { access_key: GUEST, secret_key: GUEST_SECRET }),
    {
      title: 'a key that may only read',
      code: 'EACCES',
      at: 'write',
      async begin() {
        await configure(await server(), { 'x-container-read': GUEST })
        return {
          options: { access_key: GUEST, secret_key: GUEST_SECRET },
          end: async () => configure(await server(), { 'x-container-read': '' }),
        }
      },
    },
    {
      title: 'no space',
      code: 'ENOSPC',
      at: 'write',
      async begin() {
        await configure(await server(), { 'x-container-meta-quota-bytes': '1' })
        return {
          options: {},
          end: async () => configure(await server(), { 'x-container-meta-quota-bytes': '' }),
        }
      },
    },
    fault('a server that is not there', 'ECONNREFUSED', { endpoint: 'http://127.0.0.1:9' }),
  ]
}
