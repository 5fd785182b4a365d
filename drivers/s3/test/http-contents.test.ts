import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HttpClient } from '../src/client/http/http-client.ts'

const MIB = 1024 * 1024
const servers: Server[] = []
const clients: HttpClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function clientOf(answer: RequestListener): Promise<HttpClient> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new HttpClient(new URL(`http://127.0.0.1:${port}`), { timeout: 20_000 })
  clients.push(client)
  return client
}

test('what comes over several connections at once is not mixed up', async () => {
  const contents = Array.from({ length: 24 }, (_, at) => randomBytes(at % 3 === 0 ? 3 * MIB + at : 4096 * (at + 1)))
  const client = await clientOf((request, response) => {
    const content = contents[Number(request.url?.slice(1))] ?? Buffer.alloc(0)
    // Some say how long they are, others come in pieces.
    if (content.byteLength % 2 === 0) response.setHeader('content-length', content.byteLength)
    response.end(content)
  })
  const bodies = await Promise.all(
    contents.map(async (content, at) => {
      const into = at % 2 === 0 ? Buffer.alloc(content.byteLength) : undefined
      return (await client.send({ method: 'GET', path: `/${at}`, headers: {}, into })).body
    }),
  )
  expect(bodies.map((body, at) => body.equals(contents[at] ?? body.subarray(1)))).toEqual(contents.map(() => true))
})

test('a content stays as it came while others are read over the same connection', async () => {
  const client = await clientOf((request, response) => response.end(Buffer.alloc(MIB, request.url)))
  const first = await client.send({ method: 'GET', path: '/1', headers: {} })
  await client.send({ method: 'GET', path: '/2', headers: {} })
  expect(first.body.equals(Buffer.alloc(MIB, '/1'))).toBe(true)
})
