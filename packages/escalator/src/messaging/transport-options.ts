export interface TransportOptions {
  readonly ipv6?: boolean
  readonly heartbeatInterval?: number
  readonly heartbeatTimeout?: number
}

/** A machine that vanishes says nothing, so on tcp both sides ask: how often, and how long without an answer, in ms. */
const HEARTBEAT_INTERVAL = 5_000
const HEARTBEAT_TIMEOUT = 15_000

/** What the transport of an address needs, for the constructor of a socket. */
export function transportOptions(address: string): TransportOptions {
  if (!address.startsWith('tcp://')) return {}
  return {
    heartbeatInterval: HEARTBEAT_INTERVAL,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    ...(address.startsWith('tcp://[') ? { ipv6: true } : {}),
  }
}

/** The same for our own connections. */
export function heartbeatOf(address: string): {
  readonly heartbeat?: { readonly interval: number; readonly timeout: number }
} {
  if (!address.startsWith('tcp://')) return {}
  return { heartbeat: { interval: HEARTBEAT_INTERVAL, timeout: HEARTBEAT_TIMEOUT } }
}
