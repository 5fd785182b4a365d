import { OnituError, type OnituErrorOptions } from '@onitu/protocol'

/** The driver cannot do it, and trying again will not help until something changes: a name it cannot hold, no permission. */
export class DriverError extends OnituError {
  constructor(code: string, message: string, options: OnituErrorOptions = {}) {
    super(code, message, { ...options, retryable: false })
  }
}

/** The service failed for now: not reachable, no space, too many requests. The Plug tries again with backoff. */
export class ServiceError extends OnituError {
  constructor(code: string, message: string, options: OnituErrorOptions = {}) {
    super(code, message, { ...options, retryable: true })
  }
}

/** A reading handler found the file in another state than the one wanted, or gone. */
export class ChangedError extends OnituError {
  constructor(message: string, options: OnituErrorOptions = {}) {
    super('CHANGED', message, { ...options, retryable: true })
  }
}

/** A writing handler found something that it was not allowed to replace; it has left it as it was. */
export class ConflictError extends OnituError {
  constructor(message: string, options: OnituErrorOptions = {}) {
    super('CONFLICT', message, { ...options, retryable: true })
  }
}
