import type { Ready } from '../zmtp/commands.ts'
import { CurveServer } from '../zmtp/curve/curve-server.ts'
import type { Mechanism } from '../zmtp/mechanism.ts'
import { rawKeysOf } from './curve-keys.ts'
import { encodeKey } from './z85.ts'

/** A client that wants to connect, by what the handshake proved. */
export interface Candidate {
  /** Z85. The client has the secret key that belongs to it. */
  readonly publicKey: string
  /** IP address. */
  readonly address: string
}

export interface AuthenticatorOptions {
  /** Z85, of this server. */
  readonly secretKey: string
  /**
   * Asked once for each connection, before any message of it is read: false refuses it. It is not asked again for a
   * connection that is up: to take a key away also have the sockets ask again (`Responder.recheckKeys`).
   */
  readonly allow: (candidate: Candidate) => boolean
  /** Told about each candidate that was refused. */
  readonly refused?: (candidate: Candidate) => void
}

/**
 * Lets only those connect whose key is allowed (CURVE, ZeroMQ RFCs 25 and 26). Any number of sockets may share one.
 * There is no way to have the encryption without the check.
 */
export interface Authenticator {
  /** Z85, of this server: what clients must know. */
  readonly publicKey: string
  readonly counters: { readonly allowed: number; readonly refused: number }
  /** For one connection of a socket that is `own`, from this IP address. */
  readonly mechanism: (own: Ready, address: string) => Mechanism
  /** Whether a key that was proved would be let in now; nothing is counted. */
  allows(publicKey: Uint8Array | undefined, address: string): boolean
  /** From now on everyone is refused. May be called twice. */
  close(): void
}

/** @throws TypeError when the secret key is none */
export function createAuthenticator({ secretKey, allow, refused }: AuthenticatorOptions): Authenticator {
  const keys = rawKeysOf(secretKey, 'The secret key of a server')
  const counters = { allowed: 0, refused: 0 }
  let isClosed = false
  const isWelcome = (candidate: Candidate) => !isClosed && isAllowedBy(allow, candidate)
  const admit = (candidate: Candidate) => {
    const isAllowed = isWelcome(candidate)
    if (isAllowed) counters.allowed++
    else {
      counters.refused++
      refused?.(candidate)
    }
    return isAllowed
  }
  return {
    publicKey: encodeKey(keys.publicKey),
    counters,
    mechanism: (own, address) =>
      new CurveServer({ keys, own, admit: (publicKey) => admit({ publicKey: encodeKey(publicKey), address }) }),
    allows: (publicKey, address) => publicKey !== undefined && isWelcome({ publicKey: encodeKey(publicKey), address }),
    close() {
      isClosed = true
    },
  }
}

function isAllowedBy(allow: AuthenticatorOptions['allow'], candidate: Candidate): boolean {
  try {
    return allow(candidate)
  } catch (error) {
    // Whoever cannot be judged stays out.
    process.emitWarning(`A client was refused, since checking its key failed: ${String(error)}`, 'OnituWarning')
    return false
  }
}
