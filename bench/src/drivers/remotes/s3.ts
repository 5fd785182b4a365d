import { fileURLToPath } from 'node:url'
import { SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import type { RemoteKind } from '../remote.ts'

const driver = fileURLToPath(import.meta.resolve('@onitu/driver-s3'))
const BUCKET = 'bench'

/** OpenStack Swift with its S3 interface. */
export const s3: RemoteKind = {
  name: 'S3',
  problem: swiftProblem,
  async start() {
    const server = await SwiftServer.start()
    await server.request('PUT', BUCKET)
    const { endpoint, accessKey, secretKey } = server
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
      close: () => server.close(),
    }
  },
}
