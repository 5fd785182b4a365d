import { type CaseContext, runCase, testDriver } from '@onitu/test-utils/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createS3, manifest } from '../src/index.ts'
import { conditionalPlace } from './support/conditional-place.ts'
import { ConditionalS3 } from './support/conditional-s3.ts'

let s3: ConditionalS3
beforeAll(async () => {
  s3 = await ConditionalS3.start()
})
afterAll(() => s3.close())

const definition = {
  manifest,
  place: async () => conditionalPlace(s3),
  async start(plug: Parameters<typeof createS3>[0]) {
    const driver = createS3(plug)
    await driver.start()
    return driver
  },
}

testDriver(definition, { concurrent: true })

/** A user writes when the driver has looked already, and its own write is on the way. */
describe('a write that comes between the look of the driver and its own write', () => {
  const race = (title: string, size: number, replaces: boolean) =>
    test(title, () =>
      runCase(definition, {
        title,
        async run({ place, openSettled }: CaseContext) {
          const service = await openSettled()
          if (replaces) await service.write('file', Buffer.from('before'))
          let races = 1
          s3.beforeWrite = (key) => {
            if (key.endsWith('/folder/file') && races-- > 0) s3.put(key, Buffer.from('of a user'))
          }
          try {
            const attempt = service.write('file', new Uint8Array(size), { chunked: size > service.chunkSize })
            await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT', retryable: true })
          } finally {
            s3.beforeWrite = undefined
          }
          expect(Buffer.from((await place.access.read('file')) ?? []).toString()).toBe('of a user')
          expect((await place.access.list()).filter((name) => name.startsWith('upload '))).toEqual([])
        },
      }),
    )
  race('is not overwritten by a small new file', 10, false)
  race('is not overwritten by a small file in place of another', 10, true)
  race('is not overwritten by the end of an upload by parts of a new file', 11 * 1024 * 1024, false)
  race('is not overwritten by the end of an upload by parts in place of another', 11 * 1024 * 1024, true)
})

test('a small file is sent in one request, for the service itself refuses what may not be written', () =>
  runCase(definition, {
    title: 'requests',
    async run({ place, openSettled }: CaseContext) {
      const service = await openSettled()
      const mine = () => s3.requests.filter((request) => request.endsWith('/one file'))
      await service.write('one file', Buffer.from('first'))
      await service.write('one file', Buffer.from('second'))
      expect(mine().map((request) => request.split(' ')[0])).toEqual(['PUT', 'PUT'])
      expect(Buffer.from((await place.access.read('one file')) ?? []).toString()).toBe('second')
      await expect(service.write('one file', Buffer.from('third'), { token: null })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    },
  }))

describe('a service without conditional writes', () => {
  let plain: ConditionalS3
  beforeAll(async () => {
    plain = await ConditionalS3.start()
    plain.isConditional = false
  })
  afterAll(() => plain.close())

  const title = 'is written to right after it was looked at, however many files wait for a look'
  test(title, () => {
    const place = async () => {
      const one = conditionalPlace(plain)
      return { ...one, options: { ...one.options, requests: 2 } }
    }
    return runCase(
      { ...definition, place },
      {
        title,
        async run({ openSettled }: CaseContext) {
          const service = await openSettled()
          const names = Array.from({ length: 20 }, (_, at) => `file ${at}.txt`)
          await service.write('first.txt', Buffer.from('shows that there are no conditions'))
          await Promise.all(names.map((name) => service.write(name, Buffer.from(name))))
          const isAbout = (request: string, method: string, name: string) =>
            request.startsWith(`${method} `) && request.endsWith(`/${name}`)
          for (const name of names) {
            const look = plain.requests.findIndex((request) => isAbout(request, 'GET', name))
            const write = plain.requests.findIndex((request) => isAbout(request, 'PUT', name))
            const between = plain.requests.slice(look + 1, write).filter((request) => request.endsWith('.txt'))
            expect(look).toBeGreaterThanOrEqual(0)
            // The other of two requests at once, and what is sent in the turn in which this look is over.
            expect(between.length).toBeLessThanOrEqual(4)
          }
        },
      },
    )
  })
})
