import { createEventPublisher } from '../messaging/event-publisher.ts'
import { ConfigurationError, runProcess } from '../messaging/run-process.ts'
import { startServer } from './start-server.ts'

/** The first message to this process. */
export interface EscalatorConfiguration {
  readonly type: 'start'
  readonly address: string
  readonly directory: string
  /** Where to publish `escalator_started`. */
  readonly bus?: string
}

runProcess({
  async start(message) {
    const { address, directory, bus } = parseConfiguration(message)
    const server = await startServer({ address, directory })
    const events = bus === undefined ? undefined : createEventPublisher({ address: bus, process: 'escalator' })
    events?.publish({ type: 'escalator_started' })
    return {
      async close() {
        await server.close()
        await events?.close()
      },
    }
  },
})

function parseConfiguration(message: unknown): EscalatorConfiguration {
  const { type, address, directory, bus } = Object(message) as Partial<Record<keyof EscalatorConfiguration, unknown>>
  if (type !== 'start' || typeof address !== 'string' || typeof directory !== 'string') {
    throw new ConfigurationError(
      'INVALID_CONFIGURATION',
      "Expected { type: 'start', address, directory } as the first message",
    )
  }
  if (bus !== undefined && typeof bus !== 'string') {
    throw new ConfigurationError(
      'INVALID_CONFIGURATION',
      `Expected the address of the bus as a string, got ${typeof bus}`,
    )
  }
  return { type, address, directory, ...(bus === undefined ? {} : { bus }) }
}
