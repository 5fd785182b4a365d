import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Pace } from '@onitu/plug/kit'
import { afterEach, expect, test } from 'vitest'
import { HttpClient } from '../src/client/http/http-client.ts'

/** ms. A server that answers at once answers within it also on a busy machine. */
const TIMEOUT = 1_500
const CONTENT = Buffer.alloc(300_000, 'content')
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  timeout = TIMEOUT,
): Promise<HttpClient> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new HttpClient(new URL(`http://127.0.0.1:${port}`), { timeout })
  closing.push(() => {
    client.close()
    server.close()
    server.closeAllConnections()
  })
  return client
}

/** A limit that the first piece reaches, until the test lifts it. */
class Gate extends Pace {
  readonly waiting: Promise<void>
  lift: () => void = () => undefined
  #tell: () => void = () => undefined
  #pieces = 0
  readonly #lifted = new Promise<void>((resolve) => {
    this.lift = resolve
  })

  constructor() {
    super({}, { atWork: () => undefined })
    this.waiting = new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  override up(): Promise<void> | undefined {
    if (this.#pieces++ === 0) return undefined
    this.#tell()
    return this.#lifted
  }

  override down(): Promise<void> | undefined {
    return this.up()
  }
}

test('a request that waits for bandwidth_up has sent one piece, and is not given up for want of an answer', async () => {
  let received = 0
  const client = await serve((request, response) => {
    request.on('data', (part: Buffer) => {
      received += part.byteLength
    })
    request.on('end', () => response.end())
  })
  const pace = new Gate()
  const sending = client.send({ method: 'PUT', path: '/', headers: {}, body: CONTENT, pace })
  await pace.waiting
  await delay(TIMEOUT * 1.5)
  expect(received).toBeLessThanOrEqual(64 * 1024)
  pace.lift()
  expect((await sending).status).toBe(200)
  expect(received).toBe(CONTENT.byteLength)
})

test('an answer that waits for bandwidth_down is not given up, and comes whole', async () => {
  const client = await serve((_request, response) => response.end(CONTENT))
  const pace = new Gate()
  const fetching = client.send({ method: 'GET', path: '/', headers: {}, pace })
  await pace.waiting
  await delay(TIMEOUT * 1.5)
  pace.lift()
  expect(CONTENT.equals((await fetching).body)).toBe(true)
})

test('what is left of a body that waits for bandwidth_up is not sent after a refusal that came before', async () => {
  const paths: string[] = []
  const client = await serve((request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(request.method === 'PUT' ? 403 : 200).end()
  })
  const pace = new Gate()
  const sending = client.send({ method: 'PUT', path: '/put', headers: {}, body: CONTENT, pace })
  await pace.waiting
  expect((await sending).status).toBe(403)
  const next = client.send({ method: 'GET', path: '/get', headers: {} })
  pace.lift()
  expect([(await next).status, (await client.send({ method: 'GET', path: '/last', headers: {} })).status]).toEqual([
    200, 200,
  ])
  expect(paths).toEqual(['/put', '/get', '/last'])
})

test('what is given up ends at once with the reason, also in the middle of an answer, and the next request goes on', async () => {
  const given = new Error('the call is over')
  const client = await serve((request, response) => {
    if (request.url === '/whole') response.end(CONTENT)
    else if (request.url === '/half') response.writeHead(200, { 'content-length': '10' }).write('half')
  }, 3_600_000)
  for (const path of ['/silent', '/half', '/silent', '/half']) {
    const controller = new AbortController()
    const asking = client.send({ method: 'GET', path, headers: {}, signal: controller.signal })
    // Over the connection that the one before has left, if it has left one.
    expect((await client.send({ method: 'GET', path: '/whole', headers: {} })).body).toHaveLength(CONTENT.byteLength)
    controller.abort(given)
    await expect(asking).rejects.toBe(given)
  }
  const over = client.send({ method: 'GET', path: '/whole', headers: {}, signal: AbortSignal.abort(given) })
  await expect(over).rejects.toBe(given)
})

test('a server that does not answer is given up', async () => {
  const client = await serve(() => undefined)
  const pace = new Gate()
  const asking = client.send({ method: 'GET', path: '/', headers: {}, pace })
  await expect(asking).rejects.toMatchObject({ code: 'NO_ANSWER' })
})
