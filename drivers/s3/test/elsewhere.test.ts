import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Bucket } from '../src/client/bucket.ts'
import { S3Client } from '../src/client/s3-client.ts'
import { guarded } from '../src/guarded.ts'
import { readOptions } from '../src/options/read-options.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A bucket of a service that answers every request so. Gives also what was asked. */
async function serve(answer: RequestListener) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method}`)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const options = { endpoint: `http://127.0.0.1:${port}`, access_key: 'key', secret_key: 'secret' }
  const client = new S3Client(readOptions(options))
  closing.push(() => {
    client.close()
    server.close()
    server.closeAllConnections()
  })
  return { bucket: new Bucket(client, 'bucket'), asked }
}

test('a redirect is not followed, and the error says where the bucket is and what to set', async () => {
  const { bucket, asked } = await serve((_, response) =>
    response
      .writeHead(301, { 'x-amz-bucket-region': 'eu-central-1', location: 'http://elsewhere.test/' })
      .end('<Error><Code>PermanentRedirect</Code><Endpoint>s3.eu-central-1.test</Endpoint></Error>'),
  )
  const put = guarded('Writing', () => bucket.put('key', Buffer.from('content'), {}))
  await expect(put).rejects.toMatchObject({
    code: 'WRONG_REGION',
    retryable: true,
    message:
      'PUT "bucket/key": PermanentRedirect (301); the service says that the bucket is in the region eu-central-1, at http://s3.eu-central-1.test: set the options of the service to region: eu-central-1, endpoint: http://s3.eu-central-1.test',
  })
  expect(asked).toEqual(['PUT'])
})

test.each([301, 400])(
  'the refusal of a HEAD with %i, which says nothing itself, is explained by that of another request',
  async (status) => {
    const { bucket, asked } = await serve((request, response) =>
      response
        .writeHead(status)
        .end(request.method === 'HEAD' ? '' : '<Error><Code>Elsewhere</Code><Region>eu-central-1</Region></Error>'),
    )
    await expect(guarded('Looking', () => bucket.head('key'))).rejects.toMatchObject({
      code: 'WRONG_REGION',
      message: /Elsewhere .*region: eu-central-1/,
    })
    expect(asked).toEqual(['HEAD', 'GET'])
  },
)

test('a redirect that names no place is an error like any other', async () => {
  const { bucket } = await serve((_, response) => response.writeHead(302, { location: '/login' }).end())
  await expect(guarded('Listing', () => bucket.listPage('', {}))).rejects.toMatchObject({
    code: 'S3_FAILURE',
    message: 'GET "bucket/": HTTP_302 (302)',
  })
})
