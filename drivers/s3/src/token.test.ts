import { expect, test } from 'vitest'
import { etagOf, tokenOf } from './token.ts'

test('a token has the size and the ETag, with quotes or without', () => {
  expect(tokenOf({ etag: '"abc-2"', size: 40 })).toBe('14-abc-2')
  expect(tokenOf({ etag: 'abc-2', size: 40 })).toBe('14-abc-2')
  expect(etagOf('14-abc-2')).toBe('"abc-2"')
})
