/**
 * Onitu driver for folders on this machine.
 *
 * @module @onitu/driver-local-storage
 */
import { type Driver, defineDriver, Plug } from '@onitu/plug'
import { createLocalStorage } from './create-local-storage.ts'
import { manifest } from './manifest.ts'

export { createLocalStorage, type LocalStorage } from './create-local-storage.ts'
export { manifest } from './manifest.ts'

const plug = new Plug()

const driver: Driver = defineDriver({
  manifest,
  plug,
  async start() {
    const storage = createLocalStorage(plug)
    await storage.start()
    await plug.listen()
  },
})

export default driver
