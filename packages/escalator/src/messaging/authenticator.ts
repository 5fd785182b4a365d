import type { Context } from 'zeromq'
import { checkKey, publicKeyOf } from './curve-keys.ts'
import { registerZapDomain } from './zap-handler.ts'

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
   * connection that is up: to take a key away also have the sockets disconnect (`Responder.disconnectAll`).
   */
  readonly allow: (candidate: Candidate) => boolean
  /** Told about each candidate that was refused. */
  readonly refused?: (candidate: Candidate) => void
}

/**
 * Lets only those connect whose key is allowed (CURVE, ZeroMQ RFCs 25 to 27). Any number of sockets may share one.
 * There is no way to have the encryption without the check: with nobody to ask, every connection is refused.
 */
export interface Authenticator {
  /** Z85, of this server: what clients must know. */
  readonly publicKey: string
  /** For the constructor of each server socket. */
  readonly socketOptions: CurveServerSocketOptions
  readonly counters: { readonly allowed: number; readonly refused: number }
  /** From now on everyone is refused. Close the sockets first. May be called twice. */
  close(): void
}

export interface CurveServerSocketOptions {
  readonly context: Context
  readonly curveServer: true
  readonly curveSecretKey: string
  readonly zapDomain: string
  readonly zapEnforceDomain: true
}

/** @throws TypeError when the secret key is none */
export async function createAuthenticator({ secretKey, allow, refused }: AuthenticatorOptions): Promise<Authenticator> {
  const publicKey = publicKeyOf(checkKey(secretKey, 'The secret key of a server'))
  const counters = { allowed: 0, refused: 0 }
  const { domain, context, release } = await registerZapDomain((candidate) => {
    const isAllowed = allow(candidate)
    if (isAllowed) counters.allowed++
    else {
      counters.refused++
      refused?.(candidate)
    }
    return isAllowed
  })
  return {
    publicKey,
    counters,
    socketOptions: {
      context,
      curveServer: true,
      curveSecretKey: secretKey,
      zapDomain: domain,
      // Without it libzmq lets everyone in when no handler answers.
      zapEnforceDomain: true,
    },
    close: release,
  }
}
