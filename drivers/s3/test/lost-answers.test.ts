import { randomBytes } from 'node:crypto'
import { contentHash } from '@onitu/plug'
import { waitUntil } from '@onitu/test-utils'
import { type CaseContext, type DriverDefinition, type RunningService, runCase } from '@onitu/test-utils/conformance'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createS3, manifest } from '../src/index.ts'
import { conditionalPlace } from './support/conditional-place.ts'
import { ConditionalS3 } from './support/conditional-s3.ts'

const PARTS = 11 * 1024 * 1024

const definitionOf = (s3: ConditionalS3): DriverDefinition => ({
  manifest,
  place: async () => conditionalPlace(s3),
  async start(plug) {
    const driver = createS3(plug)
    await driver.start()
    return driver
  },
})

/** As when OpenStack Swift is killed, without or with conditional writes. */
describe.each([{ conditional: false }, { conditional: true }])(
  'a service that ends in the middle, conditions: $conditional',
  ({ conditional }) => {
    let s3: ConditionalS3
    beforeEach(async () => {
      s3 = await ConditionalS3.start()
      s3.isConditional = conditional
      s3.keepsConnections = false
    })
    afterEach(() => s3.close())

    const behaviour = (title: string, run: (service: RunningService, context: CaseContext) => Promise<void>) =>
      test(title, () =>
        runCase(definitionOf(s3), { title, run: async (context) => run(await context.openSettled(), context) }),
      )
    /** Contents that the service lists under the name of the file of the test. */
    const listed = () =>
      [...new Map([...s3.objects, ...s3.stale])].flatMap(([key, object]) =>
        key.endsWith('/folder/file') && object !== undefined ? [contentHash(object.body)] : [],
      )

    const lose = async (attempt: () => Promise<unknown>) => {
      s3.lost = 1
      await expect(attempt()).rejects.toMatchObject({ code: 'CONNECTION_LOST', retryable: true })
      expect(s3.lost).toBe(0)
    }

    for (const [kind, size] of [
      ['a small file', 10],
      ['an upload by parts', PARTS],
    ] as const) {
      behaviour(`lists ${kind} that was sent without an answer, for it is sent again`, async (service) => {
        const content = randomBytes(size)
        const write = () => service.write('file', content, { chunked: size > service.chunkSize })
        await lose(write)
        expect(listed()).toEqual([])
        await write()
        expect(listed()).toEqual([contentHash(content)])
      })

      behaviour(`lists ${kind} in place of another that was sent without an answer`, async (service) => {
        await service.write('file', Buffer.from('before'))
        const content = randomBytes(size)
        const write = () => service.write('file', content, { chunked: size > service.chunkSize })
        await lose(write)
        await write()
        expect(listed()).toEqual([contentHash(content)])
      })
    }

    behaviour('does not list a file of which the deletion was sent without an answer', async (service) => {
      await service.write('file', Buffer.from('content'))
      const file = service.known('file')
      await lose(() => service.remove('file', undefined, file))
      expect(listed()).toHaveLength(1)
      await service.remove('file', undefined, file)
      expect(listed()).toEqual([])
    })

    behaviour('keeps what a user has put in the place meanwhile', async (service, { place }) => {
      await lose(() => service.write('file', Buffer.from('content')))
      await place.access.write('file', Buffer.from('of a user'))
      await expect(service.write('file', Buffer.from('content'))).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(Buffer.from((await place.access.read('file')) ?? []).toString()).toBe('of a user')
    })
    behaviour('believes the object and not an old listing of it', async (service, { place }) => {
      await service.write('file', Buffer.from('before'))
      const [key = '', before] = [...s3.objects].find(([name]) => name.endsWith('/folder/file')) ?? []
      await place.access.write('file', Buffer.from('of a user'))
      s3.stale.set(key, before)
      await service.catchUp()
      expect(service.known('file').size).toBe('before'.length)
      await expect(service.write('file', Buffer.from('content'))).rejects.toMatchObject({ code: 'CONFLICT' })
      await service.catchUp()
      await waitUntil(() => service.known('file').size === 'of a user'.length)
      await service.catchUp()
      expect(service.known('file').size).toBe('of a user'.length)
      // Until it says the same; from then on it is believed again.
      s3.stale.clear()
      await service.catchUp()
      s3.requests.length = 0
      await service.catchUp()
      expect(s3.requests.filter((request) => request.endsWith('/file'))).toEqual([])
    })
  },
)

test('a write that was sent twice on its own, since the connection was closed, is told from one of a user', async () => {
  const s3 = await ConditionalS3.start()
  // No listing takes the connection that is used again.
  const place = conditionalPlace(s3)
  const options = { ...place.options, poll_fastest: 3600, poll_slowest: 3600 }
  const quiet = { ...definitionOf(s3), place: async () => ({ ...place, options }) }
  try {
    await runCase(quiet, {
      title: 'sent twice',
      async run({ openSettled }: CaseContext) {
        const service = await openSettled()
        await service.catchUp()
        await service.write('another', Buffer.from('content'))
        const write = () => service.write('file', Buffer.from('content'))
        s3.lost = 1
        await expect(write()).rejects.toMatchObject({ code: 'CONFLICT' })
        await write()
        expect(await place.access.list()).toContain('file')
        expect(s3.stale.size).toBe(0)
      },
    })
  } finally {
    await s3.close()
  }
})
