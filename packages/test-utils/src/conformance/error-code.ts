import { isOnituError, systemCode } from '@onitu/protocol'

/** The stable code of whatever was thrown, if it has one. */
export function errorCode(error: unknown): string | undefined {
  return isOnituError(error) ? error.code : systemCode(error)
}
