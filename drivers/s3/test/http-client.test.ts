import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { waitUntil } from '@onitu/test-utils'
import { afterEach, expect, test } from 'vitest'
import { HttpClient } from '../src/client/http/http-client.ts'
import { certificate, key } from './support/certificate.ts'

const TIMEOUT = 20_000
const MIB = 1024 * 1024
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Serving {
  readonly client: HttpClient
  /** All connections that were made. */
  readonly connections: Socket[]
}

async function serve(server: Server, host = '127.0.0.1', url = 'http://127.0.0.1', ca?: string): Promise<Serving> {
  const connections: Socket[] = []
  // A client that gives up breaks its connections.
  server.on('connection', (socket: Socket) => connections.push(socket.on('error', () => undefined)))
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new HttpClient(new URL(`${url}:${port}`), { timeout: TIMEOUT, ...(ca !== undefined && { ca }) })
  closing.push(() => {
    client.close()
    server.close()
    for (const socket of connections) socket.destroy()
  })
  return { client, connections }
}

/** Answers what it is told to each request; undefined: ends the connection instead. */
function serveRaw(answers: (string | undefined)[], later = ''): Promise<Serving> {
  const server = createServer((socket) => {
    socket.on('data', () => {
      const answer = answers.shift()
      if (answer === undefined) socket.destroy()
      else socket.write(answer)
      if (later !== '') setImmediate(() => socket.write(later))
    })
  })
  return serve(server)
}

const serveHttp = (answer: RequestListener) => serve(createHttpServer(answer))
const get = (client: HttpClient, path = '/') => client.send({ method: 'GET', path, headers: {} })
const ok = (body: string, more = '') => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`

test('requests one after the other go over one connection, requests at once over as many', async () => {
  const { client, connections } = await serveHttp((_, response) => response.end('x'))
  for (let turn = 0; turn < 5; turn++) await get(client)
  expect(connections).toHaveLength(1)
  await Promise.all([1, 2, 3].map(() => get(client)))
  expect(connections).toHaveLength(3)
  await Promise.all([1, 2, 3].map(() => get(client)))
  expect(connections).toHaveLength(3)
})

test('what comes over several connections at once is not mixed up', async () => {
  const contents = Array.from({ length: 24 }, (_, at) => randomBytes(at % 3 === 0 ? 3 * MIB + at : 4096 * (at + 1)))
  const { client } = await serveHttp((request, response) => {
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
  const { client } = await serveHttp((request, response) => response.end(Buffer.alloc(MIB, request.url)))
  const first = await client.send({ method: 'GET', path: '/1', headers: {} })
  await client.send({ method: 'GET', path: '/2', headers: {} })
  expect(first.body.equals(Buffer.alloc(MIB, '/1'))).toBe(true)
})

test('says which server it means and how long a body is, also that there is none', async () => {
  const { client } = await serveHttp((request, response) => {
    const { host, 'content-length': length, 'x-name': name } = request.headers
    response.end(JSON.stringify({ host: host !== undefined, length, name }))
  })
  const ask = async (method: string, body?: Uint8Array) => {
    const headers = { 'x-name': 'naïve' }
    const response = await client.send({ method, path: '/', headers, ...(body !== undefined && { body }) })
    return JSON.parse(response.body.toString())
  }
  expect(await ask('GET')).toEqual({ host: true, name: 'naïve' })
  expect(await ask('POST')).toEqual({ host: true, length: '0', name: 'naïve' })
  expect(await ask('PUT', Buffer.from('abc'))).toEqual({ host: true, length: '3', name: 'naïve' })
})

test('what would be a line of its own in the head is not sent', async () => {
  const { client, connections } = await serveHttp((_, response) => response.end())
  const send = (path: string, value: string) => client.send({ method: 'GET', path, headers: { 'x-name': value } })
  await expect(send('/', 'a\r\nx-more: b')).rejects.toThrow(TypeError)
  await expect(send('/', '\u20ac')).rejects.toThrow(TypeError)
  await expect(send('/ HTTP/1.1\r\nx-more: b', 'a')).rejects.toThrow(TypeError)
  await get(client)
  expect(connections.length).toBeGreaterThan(0)
})

test('a connection that the server has closed while nothing was asked is not used again', async () => {
  const { client, connections } = await serveHttp((_, response) => response.end('x'))
  await get(client)
  connections[0]?.end()
  await waitUntil(() => connections[0]?.destroyed === true)
  expect(await get(client)).toMatchObject({ status: 200, again: false })
  expect(connections).toHaveLength(2)
})

test('a request on a kept connection that the server closes without an answer is sent again, and that is told', async () => {
  const { client, connections } = await serveRaw([ok('first'), undefined, ok('second')])
  expect(await get(client)).toMatchObject({ again: false })
  const second = await get(client)
  expect([second.body.toString(), second.again]).toEqual(['second', true])
  expect(connections).toHaveLength(2)
})

test('it is not sent again on a new connection, nor when the answer had begun', async () => {
  const fresh = await serveRaw([undefined])
  await expect(get(fresh.client)).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true })
  expect(fresh.connections).toHaveLength(1)
  const server = createServer((socket) => {
    let turn = 0
    socket.on('data', () => (turn++ === 0 ? socket.write(ok('first')) : socket.end('HTTP/1.1 200 OK\r\nContent-Le')))
  })
  const begun = await serve(server)
  await get(begun.client)
  await expect(get(begun.client)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  expect(begun.connections).toHaveLength(1)
})

test('a body that is cut off is not taken for a whole one', async () => {
  for (const head of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
    const server = createServer((socket) => {
      socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n4\r\nhalf`))
    })
    await expect(get((await serve(server)).client)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  }
})

test.each([
  [
    'the end of a body that was not sent',
    ok('', 'Transfer-Encoding: chunked\r\n').replace('Content-Length: 0\r\n', ''),
  ],
  ['an answer that nobody asked for', ok('')],
])('%s is not taken for the next answer', async (_, head) => {
  const { client, connections } = await serveRaw([head, ok('x'), ok('y')], '0\r\n\r\n')
  await client.send({ method: 'HEAD', path: '/', headers: {} })
  await waitUntil(() => connections[0]?.destroyed === true)
  expect((await client.send({ method: 'GET', path: '/', headers: {} })).body.toString()).toBe('x')
})

test('what is not HTTP is no answer, and the message says so', async () => {
  const { client } = await serveRaw(['SSH-2.0-OpenSSH_9.2\r\n\r\n'])
  await expect(get(client)).rejects.toMatchObject({ code: 'CONNECTION_LOST', message: /cannot be read.*SSH-2\.0/ })
})

test('a refusal that comes before the body was read is told', async () => {
  const { client } = await serveHttp((_, response) => response.writeHead(403, { connection: 'close' }).end('no'))
  const body = Buffer.alloc(4_000_000)
  const response = await client.send({ method: 'PUT', path: '/', headers: {}, body })
  expect([response.status, response.body.toString()]).toEqual([403, 'no'])
  expect((await get(client)).status).toBe(403)
})

test('a server that is not there is named', async () => {
  const server = createHttpServer()
  const { client } = await serve(server)
  server.close()
  await once(server, 'close')
  await expect(get(client)).rejects.toMatchObject({ code: 'ECONNREFUSED', message: /Cannot reach 127\.0\.0\.1:\d+: / })
})

test('a closed client leaves no connection, ends what is under way, and takes no more', async () => {
  const { client, connections } = await serveHttp((request, response) => {
    if (request.url === '/x') response.end('x')
  })
  await Promise.all([get(client, '/x'), get(client, '/x')])
  const asking = get(client, '/silent')
  const failed = expect(asking).rejects.toMatchObject({ code: 'CLOSED' })
  client.close()
  client.close()
  await failed
  await waitUntil(() => connections.every((socket) => socket.destroyed))
  await expect(get(client)).rejects.toMatchObject({ code: 'CLOSED' })
})

test('addresses of IPv6 are understood', async () => {
  const { client } = await serve(
    createHttpServer((request, response) => response.end(request.headers.host)),
    '::1',
    'http://[::1]',
  )
  expect((await get(client)).body.toString()).toMatch(/^\[::1\]:\d+$/)
})

test('over TLS it goes the same way, and the next connection goes on with the session', async () => {
  let resumed = 0
  const server = createSecureServer({ key, cert: certificate }, (_, response) =>
    response.end(Buffer.alloc(1_000_000, 'x')),
  )
  server.on('secureConnection', (socket) => {
    if (socket.isSessionReused()) resumed++
  })
  const { client, connections } = await serve(server, 'localhost', 'https://localhost', certificate)
  for (let turn = 0; turn < 3; turn++) expect((await get(client)).body.equals(Buffer.alloc(1_000_000, 'x'))).toBe(true)
  expect(connections).toHaveLength(1)
  await Promise.all([get(client), get(client)])
  expect(connections).toHaveLength(2)
  expect(resumed).toBe(1)
})

test('a server whose certificate nobody vouches for is refused', async () => {
  const server = createSecureServer({ key, cert: certificate }, (_, response) => response.end())
  const { client } = await serve(server, 'localhost', 'https://localhost')
  await expect(get(client)).rejects.toMatchObject({ code: 'CONNECTION_LOST', message: /self-signed certificate/ })
})

test('a server with the certificate of another one is refused', async () => {
  const server = createSecureServer({ key, cert: certificate }, (_, response) => response.end())
  const { client } = await serve(server, '127.0.0.1', 'https://127.0.0.1', certificate)
  await expect(get(client)).rejects.toMatchObject({ message: /does not match certificate/ })
})
