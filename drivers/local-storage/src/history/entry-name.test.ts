import { expect, it } from 'vitest'
import { entryPlace, isDay, parseEntry } from './entry-name.ts'

const hash = 'a'.repeat(64)
const at = Date.parse('2026-11-24T00:37:12.123Z')

it('holds the time, the size, the hash and the name of a content', () => {
  const place = entryPlace(at, { hash, size: 512 }, 'my-notes.txt')
  expect(place).toEqual({ day: '2026-11-24', file: `003712123-512-${hash}-my-notes.txt` })
  expect(isDay(place?.day ?? '')).toBe(true)
  expect(parseEntry(place?.day ?? '', place?.file ?? '')).toEqual({ since: at, size: 512, hash })
})

it('is short enough for every file system, and has whole characters', () => {
  const { file = '' } = entryPlace(at, { hash, size: Number.MAX_SAFE_INTEGER }, 'é'.repeat(127)) ?? {}
  expect(Buffer.byteLength(file)).toBeLessThanOrEqual(255)
  expect(file).toMatch(/é$/)
})

it('is none without a hash', () => {
  expect(entryPlace(at, { hash: '', size: 1 }, 'a')).toBeUndefined()
})

it.each([
  ['tmp', `003712123-512-${hash}-a`],
  ['2026-11-24', 'a user put this here'],
  ['2026-11-24', `003712123-512-${hash.slice(1)}-a`],
  ['2026-99-24', `003712123-512-${hash}-a`],
])('is nothing of Onitu: %s/%s', (day, file) => {
  expect(parseEntry(day, file)).toBeUndefined()
})
