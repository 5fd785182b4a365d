import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { PacketParser } from './packet-parser.ts'
import { DATA, encodeRequest, STATUS } from './packets.ts'

function parse(bytes: Buffer, cut: number, targets: ReadonlyMap<number, Buffer>) {
  const packets: string[] = []
  const filled: (readonly [number, number])[] = []
  const parser = new PacketParser({
    packet: (packet) => packets.push(packet.toString('hex')),
    target: (id) => targets.get(id),
    filled: (id, size) => filled.push([id, size]),
  })
  for (let at = 0; at < bytes.byteLength; at += cut) parser.push(bytes.subarray(at, at + cut))
  return { packets, filled }
}

const status = encodeRequest(STATUS, 7, [{ u32: 0 }, 'Success', ''])
const data = (id: number, content: Buffer) => encodeRequest(DATA, id, [content])

describe('the parser of SFTP answers', () => {
  it.each([1, 2, 3, 8, 12, 13, 14, 1000, 1_000_000])(
    'finds the same answers in pieces of %i bytes, and puts data where they were asked for',
    (cut) => {
      const content = randomBytes(3000)
      const targets = new Map([
        [1, Buffer.alloc(3000)],
        [2, Buffer.alloc(10)],
        [3, Buffer.alloc(5)],
      ])
      const bytes = Buffer.concat([
        status,
        data(1, content),
        data(2, content.subarray(0, 4)),
        status,
        data(3, Buffer.alloc(0)),
        data(4, content),
        status,
      ])
      const { packets, filled } = parse(bytes, cut, targets)
      expect(packets).toEqual([status, status, status].map((one) => one.subarray(4).toString('hex')))
      expect(filled).toEqual([
        [1, 3000],
        [2, 4],
        [3, 0],
        [4, 3000],
      ])
      expect(targets.get(1)).toEqual(content)
      expect(targets.get(2)).toEqual(Buffer.concat([content.subarray(0, 4), Buffer.alloc(6)]))
    },
  )

  it('refuses what is not SFTP', () => {
    const refused = (bytes: Buffer) =>
      expect(() => parse(bytes, 1000, new Map([[1, Buffer.alloc(2)]]))).toThrow(RangeError)
    refused(Buffer.from('Welcome to this server\n'))
    refused(Buffer.from([0, 0, 0, 4, STATUS, 0, 0, 0, 1]))
    refused(data(1, Buffer.alloc(3)))
    const lying = data(1, Buffer.alloc(2))
    lying.writeUInt32BE(1, 9)
    refused(lying)
  })
})
