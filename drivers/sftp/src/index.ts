/**
 * Onitu driver for folders on SFTP servers.
 *
 * @module @onitu/driver-sftp
 */
import { type Driver, defineDriver, Plug } from '@onitu/plug'
import { createSftp } from './create-sftp.ts'
import { manifest } from './manifest.ts'

export { createSftp, type Sftp } from './create-sftp.ts'
export { manifest } from './manifest.ts'

const plug = new Plug()

const driver: Driver = defineDriver({
  manifest,
  plug,
  async start() {
    const sftp = createSftp(plug)
    await sftp.start()
    await plug.listen()
  },
})

export default driver
