import { randomUUID } from 'node:crypto'
import type { Access, Place } from '@onitu/test-utils/conformance'
import type { ConditionalS3 } from './conditional-s3.ts'

/** A prefix in the bucket, which is worked on in the memory of the server. */
export function conditionalPlace(s3: ConditionalS3): Place {
  const above = randomUUID()
  const prefix = `${above}/folder/`
  const below = (path: string) =>
    keysOf(s3).filter((key) => key === prefix + path || key.startsWith(`${prefix}${path}/`))
  s3.put(`${above}/folder beside/file`, Buffer.from('of somebody else'))
  const access: Access = {
    write: async (path, content) => void s3.put(prefix + path, content),
    read: async (path) => s3.objects.get(prefix + path)?.body,
    async remove(path) {
      for (const key of below(path)) s3.objects.delete(key)
    },
    async rename(path, to) {
      for (const key of below(path)) {
        const { body } = s3.objects.get(key) ?? { body: new Uint8Array() }
        s3.objects.delete(key)
        s3.put(prefix + to + key.slice(prefix.length + path.length), body)
      }
    },
    makeDirectory: async () => undefined,
    async list() {
      const names = keysOf(s3).filter((key) => key.startsWith(prefix))
      const uploads = [...s3.uploads.values()].filter(({ key }) => key.startsWith(prefix))
      return [...names.map((key) => key.slice(prefix.length)), ...uploads.map(({ key }) => `upload ${key}`)].sort()
    },
  }
  return {
    path: `bucket/${above}/folder`,
    options: { endpoint: s3.endpoint, access_key: 'key', secret_key: 'secret', poll_fastest: 0.1, poll_slowest: 0.2 },
    access,
    outside: async () => keysOf(s3).filter((key) => key.startsWith(`${above}/`) && !key.startsWith(prefix)),
    async remove() {
      for (const key of keysOf(s3).filter((one) => one.startsWith(`${above}/`))) s3.objects.delete(key)
    },
  }
}

function keysOf(s3: ConditionalS3): string[] {
  return [...s3.objects.keys()]
}
