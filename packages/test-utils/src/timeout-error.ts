import { OnituError } from '@onitu/protocol'

/** What was awaited did not happen in time. */
export class TimeoutError extends OnituError {
  constructor(what: string, timeout: number) {
    super('TIMEOUT', `Waited ${(timeout / 1000).toFixed(1)} s in vain: ${what}`)
  }
}
