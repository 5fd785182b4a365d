import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { waitUntil } from '@onitu/test-utils'
import { runCase } from '@onitu/test-utils/conformance'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Environment } from '../src/client/proxy/proxy-for.ts'
import { S3Client } from '../src/client/s3-client.ts'
import { signRequest } from '../src/client/sign-request.ts'
import { guarded } from '../src/guarded.ts'
import { createS3, manifest } from '../src/index.ts'
import { readOptions } from '../src/options/read-options.ts'
import { certificate, key } from './support/certificate.ts'
import { conditionalPlace } from './support/conditional-place.ts'
import { ConditionalS3 } from './support/conditional-s3.ts'
import { listen } from './support/listen.ts'
import { ProxyServer } from './support/proxy-server.ts'

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

const credentials = { access_key: 'me', secret_key: 'secret' }
const make = (options: Record<string, string>, environment: Environment = {}) => {
  const client = new S3Client(readOptions({ ...credentials, ...options }, environment), { environment })
  closing.push(() => client.close())
  return client
}
const ask = (client: S3Client, bucket = 'bucket') =>
  client.send({ method: 'GET', bucket, key: 'a b', query: { q: '1' } })

/** Gives its port, and what it was asked for. */
async function serve(status = 200, body = 'x') {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    response.writeHead(status).end(body)
  })
  const { port, close } = await listen(server)
  closing.push(close)
  return { asked, port }
}

test('sends what is signed for the server through a proxy of the environment, over one connection', async () => {
  proxy.login = 'me:word'
  const { asked, port } = await serve()
  const client = make({ endpoint: `http://s3.test:${port}` }, { http_proxy: proxy.url })
  for (let turn = 0; turn < 3; turn++) expect((await ask(client)).body.toString()).toBe('x')
  await ask(client, 'other')
  expect(proxy.connections).toHaveLength(1)
  expect(proxy.requests[0]).toBe(`GET http://s3.test:${port}/bucket/a%20b?q=1`)
  expect(proxy.headers[0]?.host).toBe(`s3.test:${port}`)
  const { url, headers } = asked[0] ?? {}
  expect([url, headers?.['proxy-authorization']]).toEqual(['/bucket/a%20b?q=1', undefined])
  const time = String(headers?.['x-amz-date']).replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5')
  const unsigned = {
    method: 'GET',
    host: `s3.test:${port}`,
    path: '/bucket/a%20b',
    query: { q: '1' },
    headers: {},
    payloadHash: String(headers?.['x-amz-content-sha256']),
  }
  const signed = signRequest(unsigned, { accessKey: 'me', secretKey: 'secret' }, 'us-east-1', new Date(time))
  expect(headers?.authorization).toBe(signed.authorization)
})

test('asks a proxy for a tunnel where the endpoint has TLS, and believes no certificate for it', async () => {
  const server = createSecureServer({ key, cert: certificate }, (_, response) => response.end())
  const { port, close } = await listen(server)
  closing.push(close)
  const client = make({ endpoint: `https://s3.test:${port}` }, { HTTPS_PROXY: proxy.url })
  await expect(ask(client)).rejects.toMatchObject({
    message: new RegExp(
      `^Cannot reach s3.test:${port} through the proxy 127.0.0.1:${proxy.port} \\(environment variable HTTPS_PROXY\\): .*certificate`,
    ),
  })
  expect(proxy.requests).toEqual([`CONNECT s3.test:${port}`])
})

test('goes without the proxy of the environment to what no_proxy excepts, and to this machine', async () => {
  const { port } = await serve()
  const endpoint = `http://127.0.0.1:${port}`
  expect((await ask(make({ endpoint }, { http_proxy: proxy.url }))).status).toBe(200)
  const excepted = { http_proxy: proxy.url, no_proxy: '.test' }
  // No such name is known here, so it is not reached.
  await expect(ask(make({ endpoint: 'http://s3.invalid.test' }, excepted))).rejects.toMatchObject({
    message: /Cannot reach s3\.invalid\.test: /,
  })
  expect((await ask(make({ endpoint, proxy: 'none' }, { http_proxy: proxy.url }))).status).toBe(200)
  expect(proxy.requests).toEqual([])
  expect((await ask(make({ endpoint, proxy: proxy.url }))).status).toBe(200)
  expect(proxy.requests).toHaveLength(1)
})

test('takes a proxy from a variable of its own', async () => {
  const { port } = await serve()
  process.env.ONITU_TEST_PROXY = proxy.url
  closing.push(() => delete process.env.ONITU_TEST_PROXY)
  const client = make({ endpoint: `http://127.0.0.1:${port}`, proxy: 'env', proxy_env: 'ONITU_TEST_PROXY' })
  await Promise.all([ask(client), ask(client, 'other')])
  expect(proxy.requests).toHaveLength(2)
  process.env.ONITU_TEST_PROXY = 'socks5://me:word@proxy.test:1'
  const refused = ask(make({ endpoint: `http://127.0.0.1:${port}`, proxy_env: 'ONITU_TEST_PROXY' }))
  await expect(refused).rejects.toMatchObject({ code: 'BAD_OPTION', message: /socks5:\/\/ is not supported/ })
})

test('refuses a proxy that it cannot use before it asks anything, and names what has to be changed', () => {
  const read =
    (options: Record<string, string | boolean>, environment = {}) =>
    () =>
      readOptions({ endpoint: 'https://s3.test', ...options }, environment)
  const refused = { code: 'BAD_OPTION', retryable: false, message: expect.not.stringContaining('word') }
  expect(read({ proxy: 'socks5://me:word@proxy.test:1080' })).toThrow(expect.objectContaining(refused))
  expect(read({}, { https_proxy: 'https://me:word@proxy.test' })).toThrow(/environment variable https_proxy cannot/)
  for (const proxy of ['none', '', false]) read({ proxy }, { https_proxy: 'https://proxy.test' })()
})

test('tells what a proxy refuses from what the service refuses through it', async () => {
  const { port } = await serve(403, '<Error><Code>AccessDenied</Code></Error>')
  const ask403 = (address: string) =>
    guarded('Asking', () => ask(make({ endpoint: `http://s3.test:${port}`, proxy: address })))
  const denied = ask403(proxy.url)
  await expect(denied).rejects.toMatchObject({ code: 'EACCES', message: expect.not.stringContaining('proxy') })
  proxy.status = 403
  await expect(ask403(proxy.url)).rejects.toMatchObject({
    code: 'PROXY_REFUSED',
    retryable: true,
    message: expect.stringMatching(
      `^The proxy 127.0.0.1:${proxy.port} .option proxy. answers 403 Forbidden for s3.test:${port}: `,
    ),
  })
  proxy.login = 'me:word'
  const login = ask403(`http://me:wrong@127.0.0.1:${proxy.port}`)
  await expect(login).rejects.toMatchObject({
    code: 'PROXY_AUTHENTICATION',
    message: expect.not.stringMatching(/wrong|bWU6/),
  })
  const address = proxy.url
  await proxy.close()
  await expect(ask403(address)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    message: /Cannot reach the proxy 127\.0\.0\.1:\d+ \(option proxy\): /,
  })
})

test('leaves no connection to a proxy when it is closed', async () => {
  const { port } = await serve()
  const client = make({ endpoint: `http://s3.test:${port}` }, { HTTP_PROXY: proxy.url })
  await Promise.all([ask(client), ask(client), ask(client)])
  const opened = ask(client, 'other')
  client.close()
  await expect(opened).rejects.toMatchObject({ code: 'CLOSED' })
  await waitUntil(() => proxy.connections.every((socket) => socket.destroyed))
})

test('writes, lists and reads through a proxy as without one', async () => {
  const s3 = await ConditionalS3.start()
  const direct = conditionalPlace(s3)
  const place = { ...direct, options: { ...direct.options, proxy: proxy.url } }
  const start = async (plug: Parameters<typeof createS3>[0]) => {
    const driver = createS3(plug)
    await driver.start()
    return driver
  }
  try {
    await runCase(
      { manifest, place: async () => place, start },
      {
        title: 'through a proxy',
        async run({ openSettled }) {
          const service = await openSettled()
          const content = randomBytes(11 * MIB)
          await service.write('small', Buffer.from('content'))
          await service.write('large', content, { chunked: true })
          await place.access.write('of a user', Buffer.from('theirs'))
          await service.catchUp()
          expect(Buffer.from(await service.read('of a user')).toString()).toBe('theirs')
          expect(content.equals(await service.read('large'))).toBe(true)
        },
      },
    )
    expect(s3.requests).toHaveLength(proxy.requests.length)
    await waitUntil(() => proxy.connections.every((socket) => socket.destroyed))
  } finally {
    await s3.close()
  }
})
