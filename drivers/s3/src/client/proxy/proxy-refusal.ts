import { STATUS_CODES } from 'node:http'
import { ServiceError } from '@onitu/plug'
import type { ResponseHeaders } from '../http/response-reader.ts'
import type { HttpProxy } from './read-proxy.ts'

interface Refusal {
  readonly status: number
  readonly headers?: ResponseHeaders
}

/** What a proxy has said instead of passing on what was meant for `server`. Nothing it wrote itself is in the message: it may be anything. */
export function proxyRefusal(
  proxy: Pick<HttpProxy, 'name' | 'authorization'>,
  server: string,
  { status, headers = {} }: Refusal,
): ServiceError {
  const said = `${status} ${STATUS_CODES[status] ?? ''}`.trim()
  if (status === 407)
    return new ServiceError('PROXY_AUTHENTICATION', `${capital(proxy.name)} ${authenticate(proxy, headers)} (${said})`)
  const advice = status >= 500 ? `look whether it can reach ${server}` : `have ${server} allowed there`
  return new ServiceError(
    'PROXY_REFUSED',
    `${capital(proxy.name)} answers ${said} for ${server}: ${advice}, or go without it (option proxy: none, or no_proxy)`,
  )
}

function authenticate(
  { authorization }: Pick<HttpProxy, 'authorization'>,
  { 'proxy-authenticate': offered }: ResponseHeaders,
): string {
  if (offered !== undefined && !/\bbasic\b/i.test(offered)) return 'offers no login with Basic, the only one supported'
  if (authorization === undefined) return 'wants a user and a password: set http://USER:PASSWORD@HOST:PORT'
  return 'does not accept this user and password: correct them'
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
