import { ConfigurationError, runProcess } from '@onitu/escalator/messaging'
import { isOnituError } from '@onitu/protocol'
import * as v from 'valibot'
import { type Driver, isDriver } from './define-driver.ts'
import { type RunContext, type RunningDriver, runContextSchema } from './run-context.ts'

const startMessage = v.object({
  type: v.literal('start'),
  ...runContextSchema.entries,
  /** File URL of the driver's module. */
  driver: v.string(),
})

runProcess({
  async start(configuration) {
    const parsed = v.safeParse(startMessage, configuration)
    if (!parsed.success) {
      throw new ConfigurationError(
        'BAD_START',
        `The start message of a service does not fit: ${parsed.issues[0].message}`,
      )
    }
    const { driver, ...context } = parsed.output
    const module: unknown = await importDriver(driver)
    if (!isDriver(module)) {
      throw new ConfigurationError(
        'NOT_A_DRIVER',
        `${driver} is not a driver: its default export must be what defineDriver of @onitu/plug gives`,
      )
    }
    return runDriver(module, context)
  },
})

/** What the driver refuses of its setup it refuses also the next time. */
async function runDriver(driver: Driver, context: RunContext): Promise<RunningDriver> {
  try {
    return await driver.run(context)
  } catch (error) {
    if (!isOnituError(error) || error.code !== 'BAD_OPTION') throw error
    throw new ConfigurationError(error.code, error.message, { cause: error })
  }
}

async function importDriver(url: string): Promise<unknown> {
  try {
    const module = (await import(url)) as { readonly default?: unknown }
    return module.default
  } catch (cause) {
    throw new ConfigurationError('DRIVER_NOT_LOADED', `Cannot load the driver ${url}: ${String(cause)}`, { cause })
  }
}
