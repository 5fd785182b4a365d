/** A machine that vanishes says nothing, so on tcp both sides ask: how often, and how long without an answer, in ms. */
const INTERVAL = 5_000
const TIMEOUT = 15_000

/** What the transport of an address needs. */
export function heartbeatOf(address: string): {
  readonly heartbeat?: { readonly interval: number; readonly timeout: number }
} {
  return address.startsWith('tcp://') ? { heartbeat: { interval: INTERVAL, timeout: TIMEOUT } } : {}
}
