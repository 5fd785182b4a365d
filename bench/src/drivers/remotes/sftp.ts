import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { distantPort } from '../distant-port.ts'
import type { RemoteKind } from '../remote.ts'

const driver = fileURLToPath(import.meta.resolve('@onitu/driver-sftp'))

/** A real OpenSSH server. */
export const sftp: RemoteKind = {
  name: 'SFTP',
  problem: openSshProblem,
  async start(folder, distance) {
    const server = await OpenSshServer.start()
    const { host, user, clientKey, hostKey } = server
    const way = await distantPort(host, server.port, distance)
    const { port } = way
    const options = { host, port, user, private_key_file: clientKey, host_key: hostKey }
    let made = 0
    return {
      service: (path, more) => ({ driver, options: { ...options, ...more }, folders: { data: path } }),
      rclone: { TYPE: 'sftp', HOST: host, PORT: String(port), USER: user, KEY_FILE: clientKey },
      fresh: () => join(folder, `served-${++made}`),
      async close() {
        await way.close()
        await server.close()
      },
    }
  },
}
