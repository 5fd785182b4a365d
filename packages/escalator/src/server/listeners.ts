import { OnituError } from '@onitu/protocol'
import { type Authenticator, type Candidate, createAuthenticator } from '../messaging/authenticator.ts'
import { checkKey, publicKeyOf } from '../messaging/curve-keys.ts'
import { createResponder, type Responder, type ResponderCounters } from '../messaging/responder.ts'
import { listenerSecurity } from './listener-security.ts'

/** CURVE on the tcp addresses of a server. All keys are Z85: 40 characters. */
export interface CurveServerOptions {
  readonly secretKey: string
  /** Default: the one that belongs to the secret key. */
  readonly publicKey?: string
  /** The public keys of those who may connect. All of them may do everything. */
  readonly allowedKeys: Iterable<string>
  /** Told about each connection that was refused because of its key. */
  readonly refused?: (candidate: Candidate) => void
}

export interface ListenersOptions {
  /** Undefined: an ipc address of its own. */
  readonly addresses: readonly (string | undefined)[]
  readonly curve: CurveServerOptions | undefined
  /** Bytes. */
  readonly maxRequest: number
  /** `peer` is one connection, of any address. */
  readonly handle: (body: unknown, peer: string) => unknown
  readonly peerGone: (peer: string) => void
}

/** The sockets of a server, as if they were one. */
export interface Listeners {
  /** The bound ones. */
  readonly addresses: readonly string[]
  /** `refused`: because of their key. */
  readonly counters: ResponderCounters & { readonly refused: number }
  watch(peer: string): void
  unwatch(peer: string): void
  /** Who is no longer allowed is cut off at once. */
  allow(publicKeys: Iterable<string>): void
  /** May be called twice. */
  close(): Promise<void>
}

/** Requests of one client that are worked on at once; its others wait. */
const PEER_CONCURRENCY = 1_000

/** @throws OnituError `KEYS_REQUIRED`, `BIND_FAILED`; TypeError when a key is none */
export async function createListeners(options: ListenersOptions): Promise<Listeners> {
  const { curve, maxRequest, handle, peerGone } = options
  const places = options.addresses.map((address) => ({
    address,
    security: address === undefined ? 'none' : listenerSecurity(address, curve !== undefined),
  }))
  const responders: Responder[] = []
  const guarded: Responder[] = []
  let allowed = checkAllowed(curve?.allowedKeys ?? [])
  const authenticator = curve && createGuard(curve, (key) => allowed.has(key))

  const close = async () => {
    await Promise.all(responders.map((responder) => responder.close()))
    authenticator?.close()
  }
  // Sockets name their peers each for itself.
  const nameOf = (index: number, peer: string) => `${index}/${peer}`
  const find = (name: string): readonly [Responder | undefined, string] => {
    const end = name.indexOf('/')
    return [responders[Number(name.slice(0, end))], name.slice(end + 1)]
  }

  try {
    for (const [index, { address, security }] of places.entries()) {
      const responder = await createResponder({
        ...(address === undefined ? {} : { address }),
        ...(security === 'curve' && authenticator !== undefined ? { authenticator } : {}),
        // Bounded for each client by itself: holding up the reading would hold up all of them.
        concurrency: Number.POSITIVE_INFINITY,
        peerConcurrency: PEER_CONCURRENCY,
        maxRequest,
        handle: (body, { peer }) => handle(body, nameOf(index, peer)),
        peerGone: (peer) => peerGone(nameOf(index, peer)),
      })
      responders.push(responder)
      if (security === 'curve') guarded.push(responder)
    }
  } catch (error) {
    await close()
    throw error
  }

  return {
    addresses: responders.map(({ address }) => address),
    get counters() {
      return { ...sum(responders.map(({ counters }) => counters)), refused: authenticator?.counters.refused ?? 0 }
    },
    watch(name) {
      const [responder, peer] = find(name)
      responder?.watch(peer)
    },
    unwatch(name) {
      const [responder, peer] = find(name)
      responder?.unwatch(peer)
    },
    allow(publicKeys) {
      if (authenticator === undefined) throw new OnituError('NO_KEYS', 'This server was started without keys')
      allowed = checkAllowed(publicKeys)
      for (const responder of guarded) responder.recheckKeys()
    },
    close,
  }
}

function createGuard(
  { secretKey, publicKey, refused }: CurveServerOptions,
  isAllowed: (publicKey: string) => boolean,
): Authenticator {
  if (publicKey !== undefined && publicKey !== publicKeyOf(secretKey))
    throw new TypeError('The public key of the server does not belong to its secret key; it may be left out')
  return createAuthenticator({
    secretKey,
    allow: (candidate) => isAllowed(candidate.publicKey),
    ...(refused === undefined ? {} : { refused }),
  })
}

function checkAllowed(publicKeys: Iterable<string>): ReadonlySet<string> {
  return new Set(Array.from(publicKeys, (key) => checkKey(key, 'An allowed key')))
}

function sum(all: readonly ResponderCounters[]): ResponderCounters {
  const total = {
    connections: 0,
    failedHandshakes: 0,
    requests: 0,
    bytesReceived: 0,
    bytesSent: 0,
    malformed: 0,
    undelivered: 0,
    dropped: 0,
  }
  for (const counters of all) {
    for (const name of Object.keys(total) as (keyof ResponderCounters)[]) total[name] += counters[name]
  }
  return total
}
