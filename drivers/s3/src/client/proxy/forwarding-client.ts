import { HttpClient, type HttpClientOptions, type HttpRequest, type HttpResponse } from '../http/http-client.ts'
import { proxyRefusal } from './proxy-refusal.ts'
import type { HttpProxy } from './read-proxy.ts'

/** Requests to one server without TLS through a proxy, which is asked for the whole address (RFC 9112, 3.2.2). */
export class ForwardingClient {
  readonly #proxy: HttpProxy
  readonly #server: string
  readonly #http: HttpClient
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: URL, proxy: HttpProxy, { timeout }: HttpClientOptions) {
    const { host, port, name, authorization } = proxy
    this.#proxy = proxy
    this.#server = url.host
    this.#headers = { host: url.host, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) }
    const address = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
    this.#http = new HttpClient(address, { timeout, name })
  }

  /** @throws ServiceError also when the proxy wants another login */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const path = `http://${this.#server}${request.path}`
    const response = await this.#http.send({ ...request, path, headers: { ...this.#headers, ...request.headers } })
    if (response.status === 407) throw proxyRefusal(this.#proxy, this.#server, response)
    return response
  }

  close(): void {
    this.#http.close()
  }
}
