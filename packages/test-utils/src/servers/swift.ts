import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { type TemporaryFolder, temporaryFolder } from '../temporary-folder.ts'
import { waitUntil } from '../wait-until.ts'
import { freePorts } from './free-port.ts'
import { type RunningServer, startProgram } from './process-tree.ts'
import { swiftScripts } from './swift-scripts.ts'

/** Debian's own: another one does not know its packages. */
const PYTHON = '/usr/bin/python3'
const UPDATER = 'swift-object-updater'
const PROGRAMS = [
  'memcached',
  ...['account', 'container', 'object', 'proxy'].map((name) => `swift-${name}-server`),
  UPDATER,
]

/** Why no Swift can be started here, or undefined. */
export function swiftProblem(): string | undefined {
  const missing = PROGRAMS.filter((name) => !isInstalled(name))
  if (missing.length === 0) return undefined
  return `${missing.join(', ')} missing (Debian: swift-proxy swift-account swift-container swift-object memcached)`
}

function isInstalled(name: string): boolean {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return paths.some((path) => existsSync(path))
}

/** ms for one request that finds out whether all of it is up. */
const PATIENCE = 10_000

class NotReady extends Error {}

/** OpenStack Swift on one node, with its S3 interface: a real service that is neither Amazon's nor made to look like it. */
export class SwiftServer {
  /** Somebody else in the same account, who may do nothing but what a container allows (`X-Container-Read`). */
  static readonly guest = { accessKey: 'test:guest', secretKey: 'visiting' }
  readonly host = '127.0.0.1'
  readonly port: number
  readonly accessKey = 'test:tester'
  /** Nothing else looks like it, so that it can be looked for in logs. */
  readonly secretKey = 'swift-secret-0c5f1e'
  readonly #folder: TemporaryFolder
  #server: RunningServer | undefined
  #obstacle = 'nobody has asked it yet'
  #login: { readonly url: string; readonly token: string } | undefined

  private constructor(folder: TemporaryFolder, port: number) {
    this.#folder = folder
    this.port = port
  }

  static async start(): Promise<SwiftServer> {
    const folder = await temporaryFolder('onitu-swift-')
    const server = new SwiftServer(folder, await freePorts(5))
    const scripts = swiftScripts(folder.path, server.port, userInfo().username)
    for (const name of ['etc', 'node/sda1', 'run']) mkdirSync(join(folder.path, name), { recursive: true })
    for (const [name, content] of Object.entries(scripts)) writeFileSync(join(folder.path, 'etc', name), content)
    const prepare = startProgram(PYTHON, [join(folder.path, 'etc', 'prepare.py')])
    await prepare.ended()
    await server.#serve()
    return server
  }

  get endpoint(): string {
    return `http://${this.host}:${this.port}`
  }

  /** Ends it with all its connections. */
  async stop(): Promise<void> {
    await this.#server?.kill()
    this.#server = undefined
    this.#login = undefined
  }

  /** Starts it again on the same port, with all that it had; what was not listed yet when it was stopped is listed. */
  async resume(): Promise<void> {
    await this.#serve()
    const updater = startProgram(UPDATER, [join(this.#folder.path, 'etc', 'object.conf'), '--once'])
    await updater.ended()
  }

  async #serve(): Promise<void> {
    const server = startProgram('bash', [join(this.#folder.path, 'etc', 'serve.sh')])
    this.#server = server
    await waitUntil(() => this.#isHealthy(), {
      // Five programs in Python: some seconds, but on a busy machine more than a minute.
      timeout: 240_000,
      step: 100,
      what: () => `Swift did not start, ${this.#obstacle}:\n${server.output()}`,
    })
  }

  /** Through Swift's own interface, not that of S3. `path`: `CONTAINER` or `CONTAINER/OBJECT`. */
  async request(
    method: string,
    path: string,
    body?: Uint8Array,
    query = '',
    signal: AbortSignal | null = null,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const isFirst = this.#login === undefined
    this.#login ??= await this.#logIn(signal)
    const { url, token } = this.#login
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const content = body === undefined ? {} : { body: Uint8Array.from(body) }
    const response = await fetch(`${url}/${encoded}${query}`, {
      method,
      signal,
      headers: { ...headers, 'x-auth-token': token },
      ...content,
    })
    if (response.status !== 401 || isFirst) return response
    // It has forgotten the login.
    await response.arrayBuffer()
    this.#login = undefined
    return this.request(method, path, body, query, signal, headers)
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.stop()
    await this.#folder.remove()
  }

  async #logIn(signal: AbortSignal | null): Promise<{ readonly url: string; readonly token: string }> {
    const headers = { 'x-auth-user': this.accessKey, 'x-auth-key': this.secretKey }
    const response = await fetch(`${this.endpoint}/auth/v1.0`, { headers, signal })
    const url = response.headers.get('x-storage-url')
    const token = response.headers.get('x-auth-token')
    if (url === null || token === null) throw new NotReady(`Swift did not let us in: ${response.status}`)
    return { url, token }
  }

  /** A request that was made too early may never be answered, so each has its time. */
  async #isHealthy(): Promise<boolean> {
    try {
      const health = await fetch(`${this.endpoint}/healthcheck`, { signal: AbortSignal.timeout(PATIENCE) })
      if (health.status !== 200) throw new NotReady(`healthcheck: ${health.status}`)
      // The proxy is up before the servers behind it are.
      for (const path of ['probe', 'probe/object']) {
        const { ok, status } = await this.request('PUT', path, Buffer.from(path), '', AbortSignal.timeout(PATIENCE))
        if (!ok) throw new NotReady(`PUT ${path}: ${status}`)
      }
      return true
    } catch (error) {
      // TypeError is what fetch says of a server that does not listen yet.
      const isExpected = error instanceof TypeError || error instanceof NotReady || isTimeout(error)
      if (!isExpected) throw error
      this.#obstacle = String(error)
      this.#login = undefined
      return false
    }
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}
