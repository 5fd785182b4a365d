import { describe, expect, it } from 'vitest'
import { decode, encode } from './codec.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('codec', () => {
  it.each([
    null,
    true,
    0,
    -1,
    127,
    128,
    -33,
    65_536,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 40),
    1.5,
    '',
    'é',
    'x'.repeat(40),
    'x'.repeat(300),
    'x'.repeat(70_000),
    [],
    [1, [2, [3]]],
    Array.from({ length: 70_000 }, (_, i) => i),
    { a: { b: [null] } },
    Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
  ])('gives back what was encoded (case %#)', (value) => {
    expect(decode(encode(value))).toEqual(value)
  })

  it.each([0, 5, 300, 70_000])('gives back %i bytes as bytes', (size) => {
    expect(Buffer.compare(decode(encode(Buffer.alloc(size, 7))) as Buffer, Buffer.alloc(size, 7))).toBe(0)
  })

  it('gives back optional fields that are undefined', () => {
    expect(decode(encode({ a: 1, b: undefined }))).toEqual({ a: 1, b: undefined })
  })

  it.each([
    ['nothing', bytes()],
    ['an array of 4 billion in five bytes', bytes(0xdd, 0xff, 0xff, 0xff, 0xff)],
    [
      'nested arrays of 30 million',
      bytes(0xdd, 1, 0xff, 0xff, 0xff, 0xdd, 1, 0xff, 0xff, 0xff, 0xdd, 1, 0xff, 0xff, 0xff),
    ],
    ['a string that is cut', bytes(0xd9, 10, 65)],
    ['a length that is cut', bytes(0xdb, 0)],
    ['two values', bytes(1, 2)],
    ['an extension type', bytes(0xd4, 0x65, 0)],
    ['a date', encode(new Date(0))],
    ['the byte that is never used', bytes(0xc1)],
    ['100,000 arrays inside each other', new Uint8Array(100_000).fill(0x91)],
  ])('refuses %s', (_, input) => {
    expect(() => decode(input)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })

  it('refuses or reads any bytes, and nothing else', () => {
    let state = 1
    const next = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return (state >>> 8) & 0xff
    }
    for (let round = 0; round < 20_000; round++) {
      const input = Uint8Array.from({ length: round % 40 }, next)
      try {
        decode(input)
      } catch (error) {
        expect(error).toMatchObject({ code: 'PROTOCOL' })
      }
    }
  })
})
