import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bodyDigests } from './body-digests.ts'

const MIB = 1024 * 1024

describe('the digests of a body', () => {
  test.each([0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 5])('are those of all of its %i bytes', async (size) => {
    const body = randomBytes(size)
    expect(await bodyDigests(body, true)).toEqual({
      md5: createHash('md5').update(body).digest('base64'),
      sha256: createHash('sha256').update(body).digest('hex'),
    })
  })

  test('say that the signature is without them where it need not prove the body', async () => {
    const body = randomBytes(MIB + 1)
    const { md5, sha256 } = await bodyDigests(body, false)
    expect(md5).toBe(createHash('md5').update(body).digest('base64'))
    expect(sha256).toBe('UNSIGNED-PAYLOAD')
  })

  test('let others have their turn in between', async () => {
    let turns = 0
    const count = () => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await bodyDigests(Buffer.alloc(8 * MIB), true)
    clearImmediate(timer)
    expect(turns).toBeGreaterThanOrEqual(7)
  })
})
