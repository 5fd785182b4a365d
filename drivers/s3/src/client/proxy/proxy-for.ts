import { isExcepted, isLoopback } from './no-proxy.ts'
import { type HttpProxy, readProxy } from './read-proxy.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the option says when the environment decides. */
export const BY_ENVIRONMENT = 'env'

const NONE: ReadonlySet<string> = new Set(['', 'none', 'false'])

/**
 * The proxy for a server; undefined: none. `setting` is what the option says, which holds for every server; the environment is read as curl and Go read it, the
 * lower case first. @throws DriverError when the proxy is none that can be used
 */
export function proxyFor(url: URL, setting: string, environment: Environment): HttpProxy | undefined {
  if (NONE.has(setting)) return undefined
  if (setting !== BY_ENVIRONMENT) return readProxy(setting, 'option proxy')
  const isSecure = url.protocol === 'https:'
  const names = isSecure ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY']
  const name = names.find((one) => isSet(environment[one]))
  if (name === undefined) return undefined
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '')
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  const except = [environment.no_proxy, environment.NO_PROXY].find(isSet) ?? ''
  if (isLoopback(host) || isExcepted(except, { host, port })) return undefined
  return readProxy(environment[name]?.trim() ?? '', `environment variable ${name}`)
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== ''
}
