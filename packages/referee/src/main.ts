import { ConfigurationError, runProcess } from '@onitu/escalator/messaging'
import { type RefereeConfiguration, serveReferee } from './serve.ts'

runProcess({ start: (message, signal) => serveReferee(parseConfiguration(message), signal) })

function parseConfiguration(message: unknown): RefereeConfiguration {
  const { type, escalator, runtime, bus } = Object(message) as Record<string, unknown>
  if (type !== 'start' || typeof escalator !== 'string' || typeof runtime !== 'string' || typeof bus !== 'string') {
    throw new ConfigurationError(
      'INVALID_CONFIGURATION',
      "Expected { type: 'start', escalator, runtime, bus } as the first message",
    )
  }
  return { escalator, runtime, bus }
}
