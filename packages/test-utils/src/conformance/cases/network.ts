import { contentHash, isOnituError } from '@onitu/protocol'
import { expect } from 'vitest'
import { FaultyProxy } from '../../servers/faulty-proxy.ts'
import { waitUntil } from '../../wait-until.ts'
import type { Case, CaseContext, CaseGroup } from '../case.ts'
import type { RunningService } from '../service/running-service.ts'
import { expectContent, expectKnown, expectSame, failureOf } from './expectations.ts'
import { bytes, severalChunks, text } from './samples.ts'

const LIMIT = 60_000

/** A driver that reaches its service through a proxy. */
async function openThroughProxy(context: CaseContext): Promise<{ proxy: FaultyProxy; service: RunningService }> {
  const { network } = context.place
  if (network === undefined) throw new TypeError('This place has no network')
  const proxy = await FaultyProxy.start(network.host, network.port)
  context.afterwards(() => proxy.close())
  const options = network.through('127.0.0.1', proxy.port)
  return { proxy, service: await context.openSettled({ options }) }
}

/** Repeats what failed for now, as the Plug does. */
async function again<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  let last: unknown
  let result: { readonly value: T } | undefined
  await waitUntil(
    async () => {
      try {
        result = { value: await attempt() }
        return true
      } catch (error) {
        if (!isOnituError(error) || !error.retryable) throw error
        last = error
        return false
      }
    },
    { timeout: LIMIT, step: 200, what: () => `${what} did not work again: ${String(last)}` },
  )
  if (result === undefined) throw new Error(`${what} gave nothing`)
  return result.value
}

async function expectRetryable(promise: Promise<unknown>, what: string): Promise<void> {
  expect(await failureOf(promise, what), what).toMatchObject({
    retryable: true,
    code: expect.stringMatching(/^[A-Z_0-9]+$/),
  })
}

/** True when it did not fail: a driver may have made the connection again and gone on by itself. */
async function failsForNow(promise: Promise<unknown>, what: string): Promise<boolean> {
  const [outcome] = await Promise.allSettled([promise])
  if (outcome.status === 'fulfilled') return true
  await expectRetryable(promise, what)
  return false
}

const cutWriting: Case = {
  title:
    'fails for now when the connection is cut during a write, with the old content in place, and writes again afterwards',
  async run(context) {
    const { proxy, service } = await openThroughProxy(context)
    const { access } = context.place
    const first = text('first')
    await service.write('file', first)
    const content = bytes(severalChunks(service.chunkSize))
    const { token } = service.known('file')
    for (const share of [0.1, 0.5, 0.9]) {
      proxy.cutAfter(content.byteLength * share)
      const wasRepeated = await failsForNow(
        service.write('file', content, { token, chunked: true }),
        `a write cut at ${share}`,
      )
      if (wasRepeated) return expectContent(access, 'file', content)
      await expectContent(access, 'file', first)
    }
    const before = (await access.list()).filter((path) => !path.startsWith('.onitu'))
    expect(before.filter((path) => !path.startsWith('upload '))).toEqual(['file'])
    await again('writing', () => service.write('file', content, { token }))
    await expectContent(access, 'file', content)
  },
}

const cutReading: Case = {
  title: 'fails for now when the connection is cut during a read, and reads again afterwards',
  async run(context) {
    const { proxy, service } = await openThroughProxy(context)
    const content = bytes(severalChunks(service.chunkSize))
    await service.write('file', content)
    proxy.cutAfter(content.byteLength / 2)
    await failsForNow(service.range('file', 0, content.byteLength), 'a read that is cut')
    const read = await again('reading', () => service.range('file', 0, content.byteLength))
    expectSame(read, content, 'what was read')
  },
}

const slow: Case = {
  title: 'works over a connection with a delay',
  async run(context) {
    const { proxy, service } = await openThroughProxy(context)
    proxy.delay(30)
    const content = bytes(severalChunks(service.chunkSize))
    await service.write('a/b/file', content)
    await expectContent(context.place.access, 'a/b/file', content)
    expectSame(await service.read('a/b/file'), content, 'what was read')
  },
}

const swallowed: Case = {
  title: 'gives up a call to which no answer comes, and works again afterwards',
  async run(context) {
    const { proxy, service } = await openThroughProxy(context)
    await service.write('file', text('first'))
    proxy.swallow()
    await expectRetryable(service.write('file', text('second')), 'a write without an answer')
    await expectContent(context.place.access, 'file', text('first'))
    proxy.heal()
    await again('writing', () => service.write('file', text('second')))
    await expectContent(context.place.access, 'file', text('second'))
  },
}

const restarted: Case = {
  title: 'survives a restart of the server: nothing is taken for deleted, and what changed meanwhile is told',
  async run(context) {
    const { place } = context
    const service = await context.openSettled()
    await service.write('kept', text('kept'))
    const change = () => place.access.write('made meanwhile', text('made meanwhile'))
    const start = await place.network?.stop()
    await expectRetryable(service.write('file', text('content')), 'a write to a stopped server')
    if (place.network?.isOnlyAccess !== true) await change()
    await start?.()
    if (place.network?.isOnlyAccess === true) await change()
    await again('writing', () => service.write('file', text('content')))
    await again('catching up', () => service.catchUp())
    expectKnown(service, 'made meanwhile', contentHash(text('made meanwhile')))
    expect(service.plug.changes.filter(({ type }) => type === 'deleted')).toEqual([])
    await expectContent(place.access, 'kept', text('kept'))
  },
}

const downAtStart: Case = {
  title: 'starts while the server is down, and works by itself when it is up',
  async run(context) {
    const { place } = context
    const before = await context.openSettled()
    await before.write('file', text('content'))
    await before.close()
    const start = await place.network?.stop()
    const service = await context.open()
    await waitUntil(() => service.plug.unavailable, { timeout: LIMIT, what: 'the folder was not called unavailable' })
    await start?.()
    await waitUntil(() => service.plug.unavailable === undefined, { timeout: LIMIT, what: () => service.describe() })
    await again('reading', () => service.read('file'))
    await again('catching up', () => service.catchUp())
    expect(service.plug.changes).toEqual([])
  },
}

export const network: CaseGroup = {
  title: 'network',
  concurrent: false,
  cases: () => [cutWriting, cutReading, slow, swallowed, restarted, downAtStart],
}
