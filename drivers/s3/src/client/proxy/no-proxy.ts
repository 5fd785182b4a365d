import { BlockList, isIP } from 'node:net'

/** A server that may be excepted, without the brackets of IPv6. */
export interface ProxiedServer {
  readonly host: string
  readonly port: number
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, familyOf(host)))
}

/**
 * Whether a list such as `no_proxy` excepts the server: `*`, `example.org` and `.example.org` (it and all below it, as curl has it), addresses, `10.0.0.0/8`, each but the last
 * with a port if that alone is meant. What is none of these excepts nothing.
 */
export function isExcepted(list: string, server: ProxiedServer): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry === '*' || fits(entry, server))
}

function fits(entry: string, { host, port }: ProxiedServer): boolean {
  const [, network = '', bits] = /^([\d.a-f:]+)\/(\d{1,3})$/.exec(entry) ?? []
  if (bits !== undefined) return isWithin(host, network, Number(bits))
  const { name, onlyPort } = split(entry)
  if (onlyPort !== undefined && onlyPort !== port) return false
  if (isIP(name) !== 0) return isWithin(host, name, isIP(name) === 4 ? 32 : 128)
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '')
  return domain !== '' && isIP(host) === 0 && (host === domain || host.endsWith(`.${domain}`))
}

function split(entry: string): { readonly name: string; readonly onlyPort: number | undefined } {
  // The colons of a bare IPv6 address begin no port.
  if (isIP(entry) !== 0) return { name: entry, onlyPort: undefined }
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? []
  return { name: bracketed ?? plain ?? '', onlyPort: port === undefined ? undefined : Number(port) }
}

function isWithin(host: string, network: string, bits: number): boolean {
  const version = isIP(network)
  if (isIP(host) === 0 || version === 0 || bits > (version === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, bits, familyOf(network))
  return list.check(host, familyOf(host))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}
