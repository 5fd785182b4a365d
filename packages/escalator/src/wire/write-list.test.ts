import { describe, expect, it } from 'vitest'
import { packWrites, unpackWrites } from './write-list.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describe('a list of writes', () => {
  it('comes back as it was, with texts as bytes', () => {
    const keys = ['a', 'é', '', 'x'.repeat(100), '日'.repeat(20), Uint8Array.of(0xff, 0)]
    const values = [bytes('1'), null, bytes(''), bytes('y'.repeat(1_000)), null, Uint8Array.of(0x80)]
    const unpacked = unpackWrites(packWrites({ keys, values }))
    expect(unpacked.keys).toEqual(keys.map((key) => (typeof key === 'string' ? bytes(key) : key)))
    expect(unpacked.values).toEqual(values)
  })

  it('may be empty', () => {
    expect(unpackWrites(packWrites({ keys: [], values: [] }))).toEqual({ keys: [], values: [] })
  })

  it('is refused when it is cut short anywhere', () => {
    const packed = packWrites({ keys: ['key', 'b'], values: [bytes('value'), null] })
    const whole = [0, packed.byteLength, 8 + 3 + 5]
    for (let length = 0; length <= packed.byteLength; length++) {
      const unpack = () => unpackWrites(packed.subarray(0, length))
      if (whole.includes(length)) unpack()
      else expect(unpack).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
    }
  })
})
