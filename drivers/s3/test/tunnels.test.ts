import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { Server, Socket } from 'node:net'
import { waitUntil } from '@onitu/test-utils'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HttpClient } from '../src/client/http/http-client.ts'
import { readProxy } from '../src/client/proxy/read-proxy.ts'
import { Tunnels } from '../src/client/proxy/tunnels.ts'
import { certificate, key } from './support/certificate.ts'
import { listen } from './support/listen.ts'
import { ProxyServer } from './support/proxy-server.ts'

const TIMEOUT = 20_000
/** ms. Where nothing answers on purpose. */
const IMPATIENT = 1_000
const MIB = 1024 * 1024
let proxy: ProxyServer
const closing: (() => void)[] = []
beforeEach(async () => {
  proxy = await ProxyServer.start()
})
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await proxy.close()
})

const get = (client: HttpClient, path = '/', signal?: AbortSignal) =>
  client.send({ method: 'GET', path, headers: {}, signal })

let server: Server
let port: number
let resumed: number
/** /silent is never answered. */
const answer: RequestListener = (request, response) => {
  if (request.url !== '/silent') response.end(Buffer.alloc(MIB, 'x'))
}

beforeEach(async () => {
  resumed = 0
  server = createServer({ key, cert: certificate }, answer)
  server.on('secureConnection', (socket) => {
    if (socket.isSessionReused()) resumed++
  })
  const listening = await listen(server)
  port = listening.port
  closing.push(listening.close)
})

const connectTo = (host = 'localhost', address = proxy.url, timeout = TIMEOUT, ca = certificate) => {
  const tunnels = new Tunnels(readProxy(address, 'option proxy'), `${host}:${port}`, timeout)
  const client = new HttpClient(new URL(`https://${host}:${port}`), { timeout, ca, tunnels })
  closing.push(() => client.close())
  return client
}

test('a server with TLS is reached through a tunnel, which is kept for what is asked next', async () => {
  const client = connectTo()
  for (let turn = 0; turn < 3; turn++) expect((await get(client)).body.equals(Buffer.alloc(MIB, 'x'))).toBe(true)
  expect(proxy.requests).toEqual([`CONNECT localhost:${port}`])
  await Promise.all([get(client), get(client)])
  expect(proxy.requests).toHaveLength(2)
  expect(resumed).toBe(1)
})

test('a server with TLS takes what is sent through a tunnel whole', async () => {
  let received = 0
  server.removeAllListeners('request').on('request', (request: IncomingMessage, response) => {
    request.on('data', (part: Buffer) => {
      received += part.byteLength
    })
    request.on('end', () => response.end())
  })
  const client = connectTo()
  const response = await client.send({ method: 'PUT', path: '/', headers: {}, body: Buffer.alloc(8 * MIB) })
  expect([response.status, received]).toEqual([200, 8 * MIB])
})

test('a server with TLS has to show its certificate through the tunnel too', async () => {
  await expect(get(connectTo('127.0.0.1'))).rejects.toMatchObject({ message: /does not match certificate/ })
  await expect(get(connectTo('s3.test'))).rejects.toMatchObject({ message: /does not match certificate/ })
  const other = new HttpClient(new URL(`https://localhost:${port}`), {
    timeout: TIMEOUT,
    tunnels: new Tunnels(readProxy(proxy.url, 'option proxy'), `localhost:${port}`, TIMEOUT),
  })
  await expect(get(other)).rejects.toMatchObject({ message: /self-signed certificate/ })
  expect(proxy.requests).toHaveLength(3)
})

test('a server with TLS is reached with the user and the password that the proxy wants', async () => {
  proxy.login = 'me:secret'
  expect((await get(connectTo())).status).toBe(200)
  const wrong = get(connectTo('localhost', `http://me:wrong@127.0.0.1:${proxy.port}`))
  await expect(wrong).rejects.toMatchObject({
    code: 'PROXY_AUTHENTICATION',
    retryable: true,
    message: `The proxy 127.0.0.1:${proxy.port} (option proxy) does not accept this user and password: correct them (407 Proxy Authentication Required)`,
  })
  const none = get(connectTo('localhost', `http://127.0.0.1:${proxy.port}`))
  await expect(none).rejects.toMatchObject({ code: 'PROXY_AUTHENTICATION', message: /wants a user and a password/ })
  await waitUntil(() => proxy.open.length === 2)
})

test.each<[string, string, string, RegExp]>([
  ['forbids it', 'HTTP/1.1 403 No\r\n\r\n', 'PROXY_REFUSED', /answers 403 Forbidden for localhost:\d+: have/],
  ['cannot reach it', 'HTTP/1.0 502 x\r\nContent-Length: 5\r\n\r\nhello', 'PROXY_REFUSED', /502 Bad Gateway/],
  ['redirects', 'HTTP/1.1 302 x\r\nLocation: /\r\n\r\n', 'PROXY_REFUSED', /302 Found/],
  [
    'knows no Basic',
    'HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\n\r\n',
    'PROXY_AUTHENTICATION',
    /no login with Basic/,
  ],
  ['is no proxy', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'CONNECTION_LOST', /cannot be read.*SSH-2\.0/],
  ['answers without end', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(20_000)}`, 'CONNECTION_LOST', /longer than/],
  ['says more than it was asked', 'HTTP/1.1 200 OK\r\n\r\nhello', 'CONNECTION_LOST', /something follows/],
])(
  'a server with TLS cannot be reached through a proxy that %s, and the message says so',
  async (_, refusal, code, message) => {
    proxy.refusal = refusal
    const asking = get(connectTo())
    await expect(asking).rejects.toMatchObject({ code, retryable: true, message })
    await expect(asking).rejects.toThrow(`127.0.0.1:${proxy.port} (option proxy)`)
    await waitUntil(() => proxy.open.length === 0)
    proxy.refusal = undefined
    expect((await get(connectTo())).status).toBe(200)
  },
)

test('a server with TLS is given up when the proxy does not answer in time, also when it says a little now and then', async () => {
  proxy.refusal = ''
  const silent = get(connectTo('localhost', proxy.url, IMPATIENT))
  await expect(silent).rejects.toMatchObject({ code: 'NO_ANSWER', message: /has not answered for 1000 ms/ })
  const talking = expect(get(connectTo('localhost', proxy.url, IMPATIENT))).rejects.toMatchObject({ code: 'NO_ANSWER' })
  await waitUntil(() => proxy.requests.length === 2)
  const say = setInterval(() => proxy.connections[1]?.write('HTTP/1.1 100 Continue\r\n\r\n'), IMPATIENT / 10)
  await talking.finally(() => clearInterval(say))
  await waitUntil(() => proxy.open.length === 0)
})

test('a server with TLS is given up with the reason of the call while the tunnel is made', async () => {
  proxy.refusal = ''
  const given = new Error('the call is over')
  const controller = new AbortController()
  const client = connectTo('localhost', proxy.url, 3_600_000)
  const asking = get(client, '/', controller.signal)
  await waitUntil(() => proxy.requests.length === 1)
  controller.abort(given)
  await expect(asking).rejects.toBe(given)
  await waitUntil(() => proxy.open.length === 0)
  proxy.refusal = undefined
  expect((await get(client)).status).toBe(200)
})

test('a server with TLS cannot be reached through a proxy that ends the connection instead of an answer, and that is told', async () => {
  proxy.refusal = ''
  const asking = get(connectTo())
  await waitUntil(() => proxy.requests.length === 1)
  proxy.connections[0]?.end()
  await expect(asking).rejects.toMatchObject({ code: 'CONNECTION_LOST', message: /closed the connection without/ })
})

test('a server with TLS cannot be reached through a proxy that is not there, and the message names both', async () => {
  const address = proxy.url
  await proxy.close()
  const asking = get(connectTo('localhost', address))
  await expect(asking).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    retryable: true,
    message: /On the way to localhost:\d+: the proxy 127\.0\.0\.1:\d+ \(option proxy\) cannot be reached: /,
  })
})

test('a server with TLS loses what is under way when the tunnel is cut, and is asked again through another one', async () => {
  const client = connectTo()
  const asking = get(client, '/silent')
  await once(server, 'request')
  proxy.cut()
  await expect(asking).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true })
  await get(client)
  proxy.cut()
  await waitUntil(() => proxy.open.length === 0)
  expect((await get(client)).status).toBe(200)
})

test('a server with TLS leaves no connection when the client is closed, whatever is under way', async () => {
  const client = connectTo()
  await get(client)
  const asking = [get(client, '/silent'), get(client, '/silent')]
  await waitUntil(() => proxy.open.length === 4)
  proxy.refusal = ''
  asking.push(get(client))
  await waitUntil(() => proxy.requests.length === 3)
  const failed = asking.map((one) => expect(one).rejects.toMatchObject({ code: 'CLOSED' }))
  client.close()
  client.close()
  await Promise.all(failed)
  await expect(get(client)).rejects.toMatchObject({ code: 'CLOSED' })
  await waitUntil(() => proxy.open.length === 0)
  expect(proxy.requests).toHaveLength(3)
})

test.each<[string, (socket: Socket) => unknown, string]>([
  ['ends before TLS has begun', (socket) => socket.end(), 'CONNECTION_LOST'],
  ['is cut before TLS has begun', (socket) => socket.resetAndDestroy(), 'CONNECTION_LOST'],
  ['leads to what knows no TLS', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'EPROTO'],
  ['leads to what does not answer', () => undefined, 'NO_ANSWER'],
])('a tunnel that %s fails, and its connection is closed', async (_, act, code) => {
  proxy.refusal = 'HTTP/1.1 200 OK\r\n\r\n'
  const timeout = code === 'NO_ANSWER' ? IMPATIENT : TIMEOUT
  const failed = expect(get(connectTo('localhost', proxy.url, timeout))).rejects.toMatchObject({
    code,
    retryable: true,
    message: expect.stringContaining('localhost'),
  })
  const [socket] = await waitUntil(() => proxy.connections.length === 1 && proxy.connections)
  // More than the request for the tunnel has come: TLS is begun.
  await waitUntil(() => (socket?.bytesRead ?? 0) > 200)
  if (socket !== undefined) act(socket)
  await failed
  await waitUntil(() => proxy.open.length === 0)
})
