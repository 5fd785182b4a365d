import { fileURLToPath } from 'node:url'
import { SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import { distantPort } from '../distant-port.ts'
import type { RemoteKind } from '../remote.ts'

const driver = fileURLToPath(import.meta.resolve('@onitu/driver-s3'))
const BUCKET = 'bench'

/** OpenStack Swift with its S3 interface. */
export const s3: RemoteKind = {
  name: 'S3',
  problem: swiftProblem,
  async start(_folder, distance) {
    const server = await SwiftServer.start()
    await server.request('PUT', BUCKET)
    const { accessKey, secretKey } = server
    const { hostname, port } = new URL(server.endpoint)
    const way = await distantPort(hostname, Number(port), distance)
    const endpoint = `http://${hostname}:${way.port}`
    const options = { endpoint, access_key: accessKey, secret_key: secretKey }
    let made = 0
    return {
      service: (path, more) => ({ driver, options: { ...options, ...more }, folders: { data: path } }),
      rclone: {
        TYPE: 's3',
        PROVIDER: 'Other',
        ENDPOINT: endpoint,
        REGION: 'us-east-1',
        ACCESS_KEY_ID: accessKey,
        SECRET_ACCESS_KEY: secretKey,
      },
      fresh: () => `${BUCKET}/${++made}`,
      async close() {
        await way.close()
        await server.close()
      },
    }
  },
}
