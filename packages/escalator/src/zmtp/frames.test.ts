import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COMMAND, FrameReader, MORE, packCommandFrame, packMessage } from './frames.ts'

const MAX = 100_000
type Read = readonly [flags: number, body: string]

function reader(maxFrame = MAX) {
  const read: Read[] = []
  const frames = new FrameReader(maxFrame, (flags, body) => read.push([flags & (MORE | COMMAND), body.toString('hex')]))
  return { frames, read }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    const size = fc.oneof(fc.nat(3), fc.integer({ min: 250, max: 260 }), fc.integer({ min: 16_000, max: 40_000 }))
    const frame = size.map((length) => Buffer.alloc(length, length))
    const messages = fc.array(fc.array(frame, { minLength: 1, maxLength: 3 }), { maxLength: 4 })
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30_000 })), (given, cuts) => {
        const { frames, read } = reader()
        let stream = Buffer.concat(given.flatMap(packMessage))
        for (const cut of [...cuts, stream.byteLength]) {
          frames.push(stream.subarray(0, cut))
          stream = stream.subarray(cut)
        }
        const expected = given.flatMap((message) =>
          message.map((body, index): Read => [index < message.length - 1 ? MORE : 0, hex(body)]),
        )
        expect(read).toEqual(expected)
      }),
    )
  })

  it('may be read to where the rest of them goes', () => {
    const { frames, read } = reader()
    const body = Buffer.from('0123456789'.repeat(100))
    const stream = Buffer.concat(packMessage([body, Buffer.from('next')]).map((piece) => Buffer.from(piece)))
    frames.push(Buffer.from(stream.subarray(0, 50)))
    for (let at = 50; frames.space !== undefined; ) {
      const bytes = stream.copy(frames.space, 0, at, at + 300)
      frames.filled(bytes)
      at += bytes
    }
    expect(read).toEqual([[MORE, hex(body)]])
    frames.push(stream.subarray(stream.byteLength - 6))
    expect(read[1]).toEqual([0, hex(Buffer.from('next'))])
  })

  it('may come byte by byte', () => {
    const { frames, read } = reader()
    const stream = Buffer.concat([
      ...packMessage([Buffer.from('a'), Buffer.alloc(300)]),
      packCommandFrame(Buffer.from('x')),
    ])
    for (const byte of stream) frames.push(Buffer.of(byte))
    expect(read).toEqual([
      [MORE, '61'],
      [0, '00'.repeat(300)],
      [COMMAND, '78'],
    ])
  })

  it('are refused before they are read when they are too large', () => {
    const { frames } = reader(1_000)
    const [header] = packMessage([Buffer.alloc(70_000)])
    expect(() => frames.push(Buffer.from(header ?? []))).toThrow(expect.objectContaining({ problem: 'SIZE' }))
    const huge = Buffer.from([2, 255, 255, 255, 255, 255, 255, 255, 255])
    expect(() => reader().frames.push(huge)).toThrow(expect.objectContaining({ problem: 'SIZE' }))
  })

  it.each([8, 16, 128, MORE | COMMAND])('with the flags %i are refused', (flags) => {
    expect(() => reader().frames.push(Buffer.of(flags, 0))).toThrow(expect.objectContaining({ problem: 'FLAGS' }))
  })
})
