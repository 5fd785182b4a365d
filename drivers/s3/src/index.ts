/**
 * Onitu driver for buckets of S3 and compatible services.
 *
 * @module @onitu/driver-s3
 */
import { type Driver, defineDriver, Plug } from '@onitu/plug'
import { createS3 } from './create-s3.ts'
import { manifest } from './manifest.ts'

export { createS3, type S3 } from './create-s3.ts'
export { manifest } from './manifest.ts'

const plug = new Plug()

const driver: Driver = defineDriver({
  manifest,
  plug,
  async start() {
    await createS3(plug).start()
    await plug.listen()
  },
})

export default driver
