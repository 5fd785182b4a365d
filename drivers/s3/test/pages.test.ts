import { waitUntil } from '@onitu/test-utils'
import { type CaseContext, type DriverDefinition, type RunningService, runCase } from '@onitu/test-utils/conformance'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createS3, manifest } from '../src/index.ts'
import { conditionalPlace } from './support/conditional-place.ts'
import { ConditionalS3, Refusal } from './support/conditional-s3.ts'

describe('a listing of several pages', () => {
  let s3: ConditionalS3
  beforeEach(async () => {
    s3 = await ConditionalS3.start()
    s3.pageSize = 2
  })
  afterEach(() => s3.close())

  /** It looks only when it is asked to. */
  const definition = (): DriverDefinition => ({
    manifest,
    async place() {
      const place = conditionalPlace(s3)
      return { ...place, options: { ...place.options, poll_fastest: 3600, poll_slowest: 3600 } }
    },
    async start(plug) {
      const driver = createS3(plug)
      await driver.start()
      return driver
    },
  })

  const behaviour = (title: string, run: (service: RunningService, context: CaseContext) => Promise<void>) =>
    test(title, () =>
      runCase(definition(), {
        title,
        async run(context) {
          const service = await context.openSettled()
          for (const name of 'abcde') await context.place.access.write(name, Buffer.from(`content of ${name}`))
          await run(service, context)
        },
      }),
    )
  const told = ({ plug }: RunningService) => [...plug.known.values()].map(({ path }) => path).sort()

  /** Resolves `reached` when the third page is asked for, which is given when `release` is called. */
  function holdThirdPage() {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const reached = new Promise<void>((resolve) => {
      s3.beforePage = (number) => {
        if (number !== 2) return undefined
        resolve()
        return released
      }
    })
    return { reached, release: () => release() }
  }

  behaviour('is told as a whole', async (service) => {
    await service.catchUp()
    await waitUntil(() => told(service).length === 5)
    expect(told(service)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  behaviour('is told page by page, while the next ones are on their way', async (service) => {
    const third = holdThirdPage()
    const looked = service.catchUp()
    await third.reached
    // The marker of the folder is listed first, so the first page has one file.
    await waitUntil(() => told(service).length === 3)
    expect(told(service)).toEqual(['a', 'b', 'c'])
    third.release()
    await looked
    await waitUntil(() => told(service).length === 5)
  })

  behaviour('says nothing more once the folder has lost its marker', async (service, { place }) => {
    s3.beforePage = async (number) => {
      if (number === 1) await place.access.remove('.onitu/folder')
    }
    await expect(service.catchUp()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    // What the first page has shown may have been told before.
    expect(told(service).filter((path) => path !== 'a')).toEqual([])
  })

  behaviour('deletes nothing when a page fails, and is told as a whole the next time', async (service, { place }) => {
    await service.catchUp()
    await waitUntil(() => told(service).length === 5)
    await place.access.remove('a')
    s3.beforePage = async (number) => {
      if (number === 1) throw new Refusal(403, 'AccessDenied')
    }
    await expect(service.catchUp()).rejects.toMatchObject({ code: 'EACCES' })
    expect(told(service)).toContain('a')
    s3.beforePage = undefined
    await service.catchUp()
    await waitUntil(() => !told(service).includes('a'))
    expect(told(service)).toEqual(['b', 'c', 'd', 'e'])
  })

  behaviour('leaves out what was written here while it was on its way', async (service) => {
    await service.catchUp()
    await waitUntil(() => told(service).length === 5)
    const third = holdThirdPage()
    s3.put([...s3.objects.keys()].find((key) => key.endsWith('/folder/b')) ?? '', Buffer.from('of a user'))
    const looked = service.catchUp()
    await third.reached
    const token = service.known('a').token
    await service.write('a', Buffer.from('ours'))
    third.release()
    await looked
    await waitUntil(() => service.known('b').size === 'of a user'.length)
    expect(service.known('a').token).not.toBe(token)
    expect(service.known('a').size).toBe('ours'.length)
  })

  behaviour(
    'tells of what took the name of a directory when it is known what became of that',
    async (service, { place }) => {
      await place.access.write('bb/x', Buffer.from('in a directory'))
      await service.catchUp()
      await waitUntil(() => told(service).includes('bb/x'))
      await place.access.remove('bb/x')
      await place.access.write('bb', Buffer.from('in its place'))
      await place.access.write('b', Buffer.from('edited'))
      const third = holdThirdPage()
      const looked = service.catchUp()
      await third.reached
      await waitUntil(() => service.known('b').size === 'edited'.length)
      expect(told(service)).toContain('bb/x')
      expect(told(service)).not.toContain('bb')
      third.release()
      await looked
      await waitUntil(() => told(service).includes('bb'))
      expect(told(service)).not.toContain('bb/x')
    },
  )

  behaviour('is asked for in several parts at once when its keys are known, and misses nothing', async (service) => {
    const marker = [...s3.objects.keys()].find((key) => key.endsWith('.onitu/folder')) ?? ''
    const key = (name: string) => marker.replace('.onitu/folder', name)
    s3.pageSize = 1000
    for (let number = 10_000; number < 12_500; number++) s3.put(key(`f/${number}`), Buffer.from(String(number)))
    await service.catchUp()
    await waitUntil(() => told(service).length === 2505)
    s3.put(key('f/10500'), Buffer.from('edited'))
    s3.put(key('f/10949-new'), Buffer.from('new'))
    for (let number = 11_000; number < 11_150; number++) s3.objects.delete(key(`f/${number}`))
    for (let number = 0; number < 1100; number++) s3.put(key(`z/${number}`), Buffer.from(String(number)))
    s3.listings.splice(0)
    await service.catchUp()
    const kept = [...s3.objects.keys()]
      .filter((one) => one !== marker && one.startsWith(key('')))
      .map((one) => one.slice(key('').length))
    await waitUntil(() => told(service).length === kept.length)
    expect(told(service)).toEqual(kept.sort())
    expect(service.known('f/10500').size).toBe('edited'.length)
    expect(s3.listings.slice(0, 3).sort()).toEqual(['', key('f/10943'), key('f/11893')])
  })
})
