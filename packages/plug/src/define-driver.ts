import type { Manifest } from './contract.ts'
import type { Plug } from './plug.ts'
import type { HostedContext, RunContext, RunningDriver } from './run-context.ts'

export interface DriverDefinition {
  readonly manifest: Manifest
  readonly plug: Plug
  /** Prepares the driver, registers its handlers and ends with `await plug.listen()`. May be called again once that has returned. */
  start(): Promise<void>
}

/** The default export of a driver package. */
export interface Driver {
  readonly manifest: Manifest
  /** Connects the Plug, starts the driver and resolves when it listens. */
  run(context: RunContext | HostedContext): Promise<RunningDriver>
}

export function defineDriver({ manifest, plug, start }: DriverDefinition): Driver {
  if (typeof manifest?.name !== 'string') throw new TypeError('defineDriver needs a manifest with a name')
  if (typeof start !== 'function') throw new TypeError(`defineDriver needs a function start, got ${typeof start}`)
  return {
    manifest,
    async run(context) {
      await plug.connect(context, manifest)
      const finished = start()
      try {
        // A driver that ends without listening has failed, or has nothing to do; either way it is not running.
        await Promise.race([plug.ready, finished])
      } catch (error) {
        await plug.close()
        throw error
      }
      return { finished, close: () => plug.close() }
    },
  }
}

/** Whether the default export of a module is a driver, whatever copy of this package made it. */
export function isDriver(value: unknown): value is Driver {
  return (
    typeof value === 'object' &&
    value !== null &&
    'run' in value &&
    typeof value.run === 'function' &&
    'manifest' in value &&
    typeof value.manifest === 'object'
  )
}
