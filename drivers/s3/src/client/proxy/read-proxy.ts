import { DriverError } from '@onitu/plug'

export interface HttpProxy {
  readonly host: string
  readonly port: number
  /** As messages name it: with its port and where it was set, without its credentials. */
  readonly name: string
  /** Value of Proxy-Authorization. */
  readonly authorization?: string
}

const EXPECTED = 'expected http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or none'

/**
 * Reads the address of a proxy; `from` says where it was set. Nothing of the address is in a message but its scheme: a password may stand in any other place.
 * @throws DriverError when it is none that can be used
 */
export function readProxy(text: string, from: string): HttpProxy {
  const refused = (why: string) =>
    new DriverError('BAD_OPTION', `The proxy of the ${from} cannot be used: ${why}; ${EXPECTED}`)
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'http') throw refused(`${scheme}:// is not supported`)
  // Without a scheme, as curl and Go take it.
  const address = scheme === undefined ? `http://${text}` : text
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined) throw refused('it is no address')
  // An @ further on: a / or # in a password has ended the address, and the host is a part of the credentials.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw refused('something comes after the port (a / ? or # in a password is written %2F, %3F, %23)')
  const port = url.port === '' ? 80 : Number(url.port)
  if (port === 0) throw refused('the port is 0')
  const authorization = authorizationOf(url)
  if (authorization === undefined)
    throw refused('the user or the password has a % that is no code (write %25), or the user a colon')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    name: `the proxy ${url.hostname}:${port} (${from})`,
    ...(authorization === '' ? {} : { authorization }),
  }
}

/** RFC 7617. Empty: there is nothing to log in with; undefined: what is there cannot be sent. */
function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return ''
  try {
    const user = decodeURIComponent(username)
    if (user.includes(':')) return undefined
    return `Basic ${Buffer.from(`${user}:${decodeURIComponent(password)}`).toString('base64')}`
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
