import { expect, test } from 'vitest'
import type { PageStart, S3Object } from '../client/bucket.ts'
import { S3StatusError } from '../client/s3-error.ts'
import { ObjectListing } from './object-listing.ts'

const objectOf = (key: string): S3Object => ({ key, etag: '"e"', size: 1, modified: 0 })
const inBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const named = (count: number) => Array.from({ length: count }, (_, at) => `key-${String(at).padStart(4, '0')}`)

/** A service that holds `keys`, and gives `pageSize` of them at once. */
function service(keys: string[], { pageSize = 4, order = inBytes as (a: string, b: string) => number } = {}) {
  const asked: PageStart[] = []
  let underWay = 0
  let most = 0
  const from = ({ after, token }: PageStart): string[] => {
    const sorted = keys.toSorted(order)
    if (token !== undefined) return sorted.slice(sorted.indexOf(token) + 1)
    return after === undefined ? sorted : sorted.filter((key) => order(key, after) > 0)
  }
  return {
    keys,
    asked,
    most: () => most,
    from,
    async ask(start: PageStart) {
      asked.push(start)
      most = Math.max(most, ++underWay)
      const rest = this.from(start)
      const page = rest.slice(0, pageSize)
      await new Promise((resolve) => setImmediate(resolve))
      underWay--
      return { objects: () => page.map(objectOf), next: rest.length > pageSize ? page.at(-1) : undefined }
    },
  }
}

type Service = ReturnType<typeof service>
const listingOf = (s3: Service, size = 3) => new ObjectListing((start) => s3.ask(start), size)

async function list(listing: ObjectListing): Promise<string[]> {
  const found: string[] = []
  let ended = false
  for await (const { objects, isLast } of listing.pages()) {
    expect(ended).toBe(false)
    found.push(...objects.map(({ key }) => key))
    ended = isLast
  }
  expect(ended).toBe(true)
  return found
}

test('all objects are listed once, the first time and again', async () => {
  for (const count of [0, 1, 3, 4, 5, 8, 9, 40]) {
    const s3 = service(named(count))
    const listing = listingOf(s3)
    for (let turn = 0; turn < 3; turn++) expect(await list(listing)).toEqual(named(count))
  }
})

test('the first listing goes page by page, later ones ask for several at once', async () => {
  const s3 = service(named(40))
  const listing = listingOf(s3)
  await list(listing)
  expect(s3.most()).toBe(1)
  expect(s3.asked).toHaveLength(10)
  await list(listing)
  expect(s3.most()).toBe(4)
  expect(s3.asked.slice(10)).toHaveLength(14)
})

test('whatever was added and removed in between, each listing has all that is there', async () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let turn = 0; turn < 40; turn++) {
    const s3 = service(named(20 + random(40)))
    const listing = listingOf(s3, 2 + random(4))
    for (let change = 0; change < 6; change++) {
      expect(await list(listing)).toEqual(s3.keys.toSorted(inBytes))
      for (let many = random(30); many > 0; many--) {
        const at = random(s3.keys.length + 1)
        if (random(2) === 0) s3.keys.splice(at, 1)
        else
          s3.keys.push(
            `key-${String(random(60)).padStart(4, '0')}${['', 'x', '/é', '/\u{1F600}', '/\uFFFD'][random(5)]}`,
          )
      }
      s3.keys.splice(0, s3.keys.length, ...new Set(s3.keys))
    }
  }
})

test('parts are divided at keys of which the order is the same everywhere', async () => {
  const s3 = service(['\u{1F600}', '\uFFFD', 'é', 'a', 'b', 'ü', '\u{1F601}', 'c'])
  const listing = listingOf(s3, 2)
  await list(listing)
  expect((await list(listing)).toSorted(inBytes)).toEqual(s3.keys.toSorted(inBytes))
  expect(s3.asked.flatMap(({ after }) => after ?? [])).toEqual(['b'])
})

test.each([
  ['does not know where to begin', (s3: Service) => (s3.from = () => s3.keys.toSorted())],
  [
    'refuses to be asked where to begin',
    (s3: Service) => {
      const ask = s3.ask
      s3.ask = (start) => {
        if (start.after !== undefined) return Promise.reject(new S3StatusError(501, 'NotImplemented', 'no'))
        return ask.call(s3, start)
      }
    },
  ],
])('a service that %s is listed page by page', async (_, make) => {
  const s3 = service(named(9), { pageSize: 100 })
  make(s3)
  const listing = listingOf(s3)
  await list(listing)
  expect([...new Set(await list(listing))]).toEqual(named(9))
  s3.asked.splice(0)
  expect(await list(listing)).toEqual(named(9))
  expect(s3.asked).toEqual([{}])
})

test('a refusal for another reason does not end that', async () => {
  const s3 = service(named(20))
  const listing = listingOf(s3)
  await list(listing)
  const { from } = s3
  s3.from = () => {
    throw new S3StatusError(400, 'ExpiredToken', 'expired')
  }
  await expect(list(listing)).rejects.toMatchObject({ code: 'ExpiredToken' })
  s3.from = from
  s3.asked.splice(0)
  expect(await list(listing)).toEqual(named(20))
  expect(s3.asked.some(({ after }) => after !== undefined)).toBe(true)
})

test('a service that lists in another order is not divided', async () => {
  const keys = ['a', 'B', 'c', 'D', 'e', 'F', 'g', 'H']
  const s3 = service([...keys], { order: (a, b) => a.localeCompare(b, 'en') })
  const listing = listingOf(s3, 2)
  for (let turn = 0; turn < 3; turn++) expect((await list(listing)).toSorted()).toEqual(keys.toSorted())
  expect(s3.most()).toBe(1)
})

test('what fails is told, and the next listing has all again', async () => {
  const s3 = service(named(20))
  const listing = listingOf(s3)
  await list(listing)
  const { from } = s3
  s3.from = (start) => {
    if (start.after === undefined) return from(start)
    throw new S3StatusError(503, 'SlowDown', 'busy')
  }
  await expect(list(listing)).rejects.toMatchObject({ code: 'SlowDown' })
  s3.from = from
  expect(await list(listing)).toEqual(named(20))
})

test('a listing that is left ends when nothing of it is on its way', async () => {
  const s3 = service(named(40))
  const listing = listingOf(s3)
  await list(listing)
  for await (const _ of listing.pages()) break
  const asked = s3.asked.length
  await new Promise((resolve) => setImmediate(resolve))
  expect(s3.asked).toHaveLength(asked)
})
