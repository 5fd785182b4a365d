import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { hmac, hmacKey } from './hmac.ts'

test.each([0, 1, 32, 63, 64, 65, 200])('gives what Node gives with a key of %i bytes', (length) => {
  const secret = randomBytes(length)
  for (const text of ['', 'AWS4-HMAC-SHA256\n20260131T140506Z', 'ünïcode', 'x'.repeat(1000)])
    expect(hmac(hmacKey(secret), text)).toEqual(createHmac('sha256', secret).update(text).digest())
})
