import { ServiceError } from '@onitu/plug'
import { readSecret } from '@onitu/plug/kit'
import { hostOf } from '../options/bucket-problem.ts'
import type { S3Options } from '../options/read-options.ts'
import { HttpClient } from './http/http-client.ts'
import { ForwardingClient } from './proxy/forwarding-client.ts'
import { type Environment, proxyFor } from './proxy/proxy-for.ts'
import type { HttpProxy } from './proxy/read-proxy.ts'
import { Tunnels } from './proxy/tunnels.ts'

/** Where a bucket is. */
interface Place {
  readonly url: URL
  /** Before the slash and the key. */
  readonly base: string
  readonly http: HttpClient | ForwardingClient
  /** The proxy that passes requests on, and may answer one itself. One that makes tunnels is not seen by requests. */
  readonly forwards: HttpProxy | undefined
}

type Options = Pick<S3Options, 'endpoint' | 'pathStyle' | 'timeout' | 'proxy'>

/** The places of the buckets, and the clients for their servers: which way a server is reached is decided once. */
export class Places {
  readonly #options: Options
  readonly #environment: Environment
  readonly #places = new Map<string, Place>()
  #closed = false

  constructor(options: Options, environment: Environment) {
    this.#options = options
    this.#environment = environment
  }

  known(bucket: string): Place | undefined {
    return this.#places.get(bucket)
  }

  /** @throws OnituError when the proxy that is set cannot be used */
  async find(bucket: string): Promise<Place> {
    const setting = (await readSecret(this.#options.proxy)) ?? ''
    if (this.#closed) throw new ServiceError('CLOSED', 'The driver is closed')
    // Another request may have found it meanwhile.
    const place = this.known(bucket) ?? this.#make(bucket, setting)
    this.#places.set(bucket, place)
    return place
  }

  close(): void {
    this.#closed = true
    for (const { http } of this.#places.values()) http.close()
  }

  #make(bucket: string, setting: string): Place {
    const { endpoint, pathStyle } = this.#options
    const url = new URL(endpoint)
    if (!pathStyle) url.hostname = hostOf(bucket, endpoint)
    const above = url.pathname.replace(/\/$/, '')
    const base = pathStyle ? `${above}/${bucket}` : above
    const same = [...this.#places.values()].find((place) => place.url.host === url.host)
    if (same !== undefined) return { ...same, base }
    const proxy = proxyFor(url, setting, this.#environment)
    const { timeout } = this.#options
    if (proxy === undefined) return { url, base, http: new HttpClient(url, { timeout }), forwards: undefined }
    if (url.protocol === 'http:')
      return { url, base, http: new ForwardingClient(url, proxy, { timeout }), forwards: proxy }
    return { url, base, http: tunnelling(url, proxy, timeout), forwards: undefined }
  }
}

function tunnelling(url: URL, proxy: HttpProxy, timeout: number): HttpClient {
  const tunnels = new Tunnels(proxy, url.port === '' ? `${url.host}:443` : url.host, timeout)
  return new HttpClient(url, { timeout, name: `${url.host} through ${proxy.name}`, tunnels })
}
