import { type Driver, defineDriver, Plug } from '@onitu/plug'
import { createService } from './create-service.ts'
import { manifest } from './manifest.ts'

export { createService } from './create-service.ts'
export { manifest } from './manifest.ts'

const plug = new Plug()

const driver: Driver = defineDriver({
  manifest,
  plug,
  async start() {
    await createService(plug).start()
    await plug.listen()
  },
})

export default driver
