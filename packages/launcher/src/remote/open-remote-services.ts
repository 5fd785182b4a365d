import type { Database } from '@onitu/escalator'
import { type KeyPlaces, readOrCreateKeys, watchAuthorizedKeys } from '@onitu/majordomo/keys'
import { resolve } from 'import-meta-resolve'
import type { Setup } from '../setup/setup.ts'
import type { Hub } from '../supervisor/hub.ts'
import { askMajordomoStatus, tellMajordomoOfKeys } from './majordomo-client.ts'
import { RemoteServices } from './remote-services.ts'

export interface OpenRemoteServicesOptions {
  /** Of the setup file. */
  readonly setup: Setup
  readonly keys: KeyPlaces
  /** The directory of the sockets. */
  readonly runtime: string
  readonly hub: Hub
  readonly database: () => Database | undefined
  /** Default: that of the installed driver-remote. */
  readonly driverUrl: string | undefined
  readonly warn: (message: string) => void
}

/**
 * Undefined when the setup has no Majordomo. The key pair of the hub is made at the first time.
 * @throws OnituError when the secret key cannot be used (others can read it, it is damaged)
 */
export async function openRemoteServices(options: OpenRemoteServicesOptions): Promise<RemoteServices | undefined> {
  const { setup, keys, runtime, hub, warn } = options
  const { majordomo } = hub
  if (majordomo === undefined) return undefined
  await readOrCreateKeys(keys.serverKey, setup.name)
  const services = new RemoteServices({
    setup,
    authorizedKeys: keys.authorizedKeys,
    driverUrl: options.driverUrl ?? resolve('@onitu/driver-remote', import.meta.url),
    hub,
    database: options.database,
    majordomoStatus: () => askMajordomoStatus(runtime),
    async cutOff() {
      if (majordomo.state !== 'running') return
      try {
        await tellMajordomoOfKeys(runtime)
      } catch (error) {
        // It reads the list when it starts again. A key that is taken away must not work for as long as something hangs.
        warn(`Majordomo is ended, for it does not take note of the changed keys: ${String(error)}`)
        majordomo.kill()
      }
    },
    watch: (changed) => watchAuthorizedKeys(keys.authorizedKeys, changed),
    warn,
  })
  return services
}
