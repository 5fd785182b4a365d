import type { RemoteEvent } from '@onitu/majordomo/client'
import { DEBUG, INFO, WARN } from '../bus/format-line.ts'
import { localTime, printable } from '../bus/printable.ts'

/** A line for people; undefined when it is not for them. `time` in ms since 1970. */
export function formatRemoteEvent(event: RemoteEvent, time: number, debug: boolean): string | undefined {
  const { level, message } = describe(event)
  if (level < (debug ? DEBUG : INFO)) return undefined
  const name = level >= 50 ? 'ERROR' : level >= WARN ? 'WARN' : level >= INFO ? 'INFO' : 'DEBUG'
  return `${localTime(time)} ${name.padEnd(5)} ${printable(message)}`
}

function describe(event: RemoteEvent): { readonly level: number; readonly message: string } {
  switch (event.type) {
    case 'connecting':
      return { level: DEBUG, message: `Connecting to the hub at ${event.address}` }
    case 'connected':
      return { level: INFO, message: `Connected to the hub as the service ${event.service}` }
    case 'disconnected': {
      const seconds = (event.retryIn / 1000).toFixed(1)
      return { level: WARN, message: `${event.reason} (${event.code}); trying again in ${seconds} s` }
    }
    case 'log':
      return { level: event.level, message: event.message }
  }
}
