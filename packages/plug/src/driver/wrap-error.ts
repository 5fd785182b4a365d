import { isOnituError, type OnituError, systemCode } from '@onitu/protocol'
import { DriverError, ServiceError } from '../errors.ts'

/**
 * What a handler threw, as an error that says whether trying again may help. Errors of the system are the service's
 * (no space, no permission, not reachable: all can pass); anything else is a fault in the driver.
 */
export function wrapDriverError(error: unknown, handler: string, path: string): OnituError {
  if (isOnituError(error)) return error
  const code = systemCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) {
    return new ServiceError(code, `${handler} of ${JSON.stringify(path)}: ${message}`, { cause: error })
  }
  return new DriverError('DRIVER_FAILED', `${handler} of ${JSON.stringify(path)} failed: ${message}`, { cause: error })
}
