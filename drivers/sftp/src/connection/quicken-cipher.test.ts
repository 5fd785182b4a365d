import { createDecipheriv, randomBytes } from 'node:crypto'
import { Client } from 'ssh2'
import { describe, expect, it } from 'vitest'
import { quickenCipher } from './quicken-cipher.ts'

/** What ssh2 has once keys were exchanged. */
function clientWith(change: object = {}) {
  const written: Buffer[] = []
  const cipher = {
    outSeqno: 2 ** 32 - 1,
    _dead: false,
    _encSSLName: 'aes-128-gcm',
    _encKey: randomBytes(16),
    _encIV: Buffer.concat([randomBytes(4), Buffer.from('00000000fffffffe', 'hex')]),
    _onWrite: (piece: Buffer) => void written.push(Buffer.from(piece)),
    allocPacket: (length: number): Buffer => Buffer.alloc(length),
    encrypt: (packet: Buffer): void => void written.push(packet),
    ...change,
  }
  const client = new Client()
  Reflect.set(client, '_protocol', { _cipher: cipher })
  return { client, cipher, written }
}

describe('a quicker cipher', () => {
  it('makes packets as RFC 4253 and RFC 5647 have them, of all sizes, which the key opens one after the other', () => {
    const { client, cipher, written } = clientWith()
    const key = cipher._encKey
    const iv = Buffer.from(cipher._encIV)
    quickenCipher(client)
    const sizes = [1, 10, 11, 12, 26, 27, 28, 1000, 16_383, 16_384, 16_385, 32_777, 32_768, 36_000, 40_000, 5]
    for (const size of sizes) {
      const payload = randomBytes(size)
      const packet = cipher.allocPacket(size)
      packet.set(payload, 5)
      cipher.encrypt(packet)
      const sent = Buffer.concat(written.splice(0))
      const length = sent.readUInt32BE(0)
      expect(length % 16).toBe(0)
      expect(sent.byteLength).toBe(4 + length + 16)
      const decipher = createDecipheriv('aes-128-gcm', key, iv)
      decipher.setAAD(sent.subarray(0, 4))
      decipher.setAuthTag(sent.subarray(4 + length))
      const plain = Buffer.concat([decipher.update(sent.subarray(4, 4 + length)), decipher.final()])
      const padding = plain[0] ?? 0
      expect(padding).toBeGreaterThanOrEqual(4)
      expect(plain.subarray(1, length - padding).equals(payload)).toBe(true)
      iv.writeBigUInt64BE(iv.readBigUInt64BE(4) + 1n, 4)
    }
    expect(cipher.outSeqno).toBe(sizes.length - 1)
    expect(cipher._encIV.equals(iv)).toBe(true)
  })

  it('pads with random bytes that do not come again', () => {
    const { client, cipher } = clientWith()
    quickenCipher(client)
    const paddings = Array.from({ length: 5000 }, () => cipher.allocPacket(100).subarray(105).toString('hex'))
    expect(paddings[0]).toHaveLength(2 * (cipher.allocPacket(100)[4] ?? 0))
    expect(new Set(paddings).size).toBe(paddings.length)
  })

  it('sends nothing after its end', () => {
    const { client, cipher, written } = clientWith()
    quickenCipher(client)
    cipher._dead = true
    cipher.encrypt(cipher.allocPacket(10))
    expect(written).toEqual([])
  })

  it.each([
    ['another cipher', { _encSSLName: 'aes-128-ctr' }],
    ['another ssh2', { _encIV: 'elsewhere' }],
  ])('leaves %s as it is', (_title, change) => {
    const { client, cipher } = clientWith(change)
    const { allocPacket, encrypt } = cipher
    quickenCipher(client)
    expect(cipher).toMatchObject({ allocPacket, encrypt })
    expect(() => quickenCipher(new Client())).not.toThrow()
  })
})
