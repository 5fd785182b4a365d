import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import type { RemoteKind } from '../remote.ts'

const driver = fileURLToPath(import.meta.resolve('@onitu/driver-sftp'))

/** A real OpenSSH server. */
export const sftp: RemoteKind = {
  name: 'SFTP',
  problem: openSshProblem,
  async start(folder) {
    const server = await OpenSshServer.start()
    const { host, port, user, clientKey, hostKey } = server
    const options = { host, port, user, private_key_file: clientKey, host_key: hostKey }
    let made = 0
    return {
      service: (path, more) => ({ driver, options: { ...options, ...more }, folders: { data: path } }),
      rclone: { TYPE: 'sftp', HOST: host, PORT: String(port), USER: user, KEY_FILE: clientKey },
      fresh: () => join(folder, `served-${++made}`),
      close: () => server.close(),
    }
  },
}
