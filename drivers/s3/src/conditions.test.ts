import { expect, test } from 'vitest'
import { S3StatusError } from './client/s3-error.ts'
import { Conditions } from './conditions.ts'
import { guarded } from './guarded.ts'

/** A service that remembers the conditions it was given, and answers with a status. */
function service(answer: (headers: Readonly<Record<string, string>>) => number) {
  const asked: Readonly<Record<string, string>>[] = []
  const write = async (headers: Readonly<Record<string, string>>) => {
    asked.push(headers)
    const status = answer(headers)
    if (status !== 200) throw new S3StatusError(status, 'Refused', `refused with ${status}`)
    return 'written'
  }
  return { asked, write }
}

test('a write says which state it may replace', async () => {
  const { asked, write } = service(() => 200)
  const conditions = new Conditions()
  expect(await conditions.write(null, write)).toBe('written')
  expect(await conditions.write('14-abc', write)).toBe('written')
  expect(asked).toEqual([{ 'if-none-match': '*' }, { 'if-match': '"abc"' }])
})

test.each([409, 412])('a service that refuses with %i has another state, which is left as it is', async (status) => {
  const { asked, write } = service(() => status)
  const attempt = guarded('Writing "file"', () => new Conditions().write('14-abc', write))
  await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT', retryable: true })
  expect(asked).toHaveLength(1)
})

test('a service without conditions is written to without them, and asked only once', async () => {
  const { asked, write } = service((headers) => (Object.keys(headers).length > 0 ? 501 : 200))
  const conditions = new Conditions()
  expect(await conditions.write(null, write)).toBe('written')
  expect(await conditions.write('14-abc', write)).toBe('written')
  expect(asked).toEqual([{ 'if-none-match': '*' }, {}, {}])
})

test('a service in which an object is gone that was to be replaced has a conflict', async () => {
  const { write } = service(() => 404)
  const attempt = guarded('Writing "file"', () => new Conditions().write('14-abc', write))
  await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT', retryable: true })
})

test.each([
  ['refuses both conditions', () => 412, true, 2],
  ['has no conditions', () => 501, false, 1],
  ['takes no notice of conditions', () => 200, false, 1],
  ['takes notice of If-None-Match only', (headers: object) => ('if-none-match' in headers ? 412 : 200), false, 2],
  ['lets nobody write', () => 403, false, 1],
])(
  'a service that %s is asked once, and trusted as far as it has shown them',
  async (_title, answer, trusted, asks) => {
    const { asked, write } = service(answer)
    const conditions = new Conditions()
    expect(conditions.suffice).toBe(false)
    await conditions.ask(write)
    expect(conditions.suffice).toBe(trusted)
    await conditions.ask(write)
    expect(asked).toHaveLength(asks)
  },
)
