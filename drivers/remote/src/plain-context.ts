import type { HandlerContext, KeptContent } from '@onitu/plug'

interface Context {
  readonly token?: string | null
  readonly replaced?: KeptContent
  readonly state?: unknown
}

/** What of a handler's context crosses to another machine: all but the signal. */
export function plainContext({ token, replaced, state }: Context & HandlerContext): Context {
  return {
    ...(token === undefined ? {} : { token }),
    ...(replaced === undefined ? {} : { replaced }),
    ...(state === undefined ? {} : { state }),
  }
}
