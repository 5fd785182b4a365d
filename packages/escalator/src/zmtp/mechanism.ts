import { packReady, parseReady, type Ready } from './commands.ts'

/**
 * Why two ends do not agree. `denied`: the key of one is proved, and may not come in. `security`: one wants CURVE and the other does not, or expects another
 * key, or does not speak the protocol at all.
 */
export interface Failure {
  readonly kind: 'denied' | 'security'
  readonly reason: string
}

/** The same, or `lost`: the other end hung up before both had agreed, and did not say why. */
export type HandshakeFailure = Failure['kind'] | 'lost'

/** What follows from what the other end said. */
export type Step =
  | { readonly type: 'go on'; readonly reply?: Buffer }
  /** `cipher`: how frames travel from now on; undefined: as they are. */
  | { readonly type: 'agreed'; readonly reply?: Buffer; readonly peer: Ready; readonly cipher?: FrameCipher }
  | { readonly type: 'failed'; readonly reply?: Buffer; readonly failure: Failure }

/** How frames travel once both ends have agreed. */
export interface FrameCipher {
  /** Bytes that a frame gets more. */
  readonly overhead: number
  /** Gives the body to send, in new memory. */
  seal(flags: number, body: Uint8Array): Buffer
  /** Gives what was sealed, in the memory of `body`. Undefined: it was not sealed by the other end, or comes once more. */
  open(body: Buffer): { readonly flags: number; readonly body: Buffer } | undefined
}

/** How both ends of one connection make sure of each other (ZeroMQ RFC 23), from behind the greeting to the first message. */
export interface Mechanism {
  /** In the greeting; both ends need the same one. */
  readonly name: string
  readonly isServer: boolean
  /** What this end says first. Undefined: it waits for the other. */
  begin(): Buffer | undefined
  /** Takes a command of the other end, until it has agreed or failed. */
  take(command: Buffer): Step
}

/** No security, for what is protected by other means. `own`: what this end is. */
export function nullMechanism(own: Ready): Mechanism {
  return {
    name: 'NULL',
    isServer: false,
    begin: () => packReady(own),
    take(command) {
      const peer = parseReady(command)
      return peer === undefined ? failed('it does not say what it is') : { type: 'agreed', peer }
    },
  }
}

export function failed(reason: string): Step {
  return { type: 'failed', failure: { kind: 'security', reason } }
}
