import { encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { decodeItems, encodeItems, type Item } from './items.ts'

const items: Item[] = [
  { type: 'call', id: 1, method: 'getFile', args: [{ path: 'a' }, 2] },
  { type: 'call', id: 2, method: 'uploadFile', args: [], content: new Uint8Array([1, 2, 3]) },
  { type: 'result', id: 3, result: null, content: new Uint8Array(100_000).fill(7) },
  { type: 'result', id: 4, result: { token: 'x' }, content: new Uint8Array(0) },
  { type: 'failure', id: 5, error: { code: 'CHANGED' } },
  { type: 'cancel', id: 6 },
  { type: 'receipt', bytes: 500 },
  { type: 'atWork', id: 7 },
]

describe('the items of a message', () => {
  it('arrive as they were sent; large contents in frames of their own', () => {
    const frames = encodeItems(items)
    expect(frames).toHaveLength(2)
    const plain = decodeItems(frames).map((item) =>
      'content' in item ? { ...item, content: [...item.content] } : item,
    )
    expect(plain).toEqual(
      items.map((item) => ('content' in item && item.content ? { ...item, content: [...item.content] } : item)),
    )
  })

  it.each([
    ['nothing', []],
    ['what is not msgpack', [new Uint8Array([0xc1])]],
    ['another format', [encode([2])]],
    ['a part of an item', [encode([1, 0, 1, 'a'])]],
    ['a call without a method', [encode([1, 0, 1, 7, [], null])]],
    ['an unknown type', [encode([1, 9, 1, null, null, null])]],
    ['a negative id', [encode([1, 3, -1, null, null, null])]],
    ['a content that is not there', [encode([1, 0, 1, 'a', [], true])]],
    ['frames that belong to nothing', [encode([1]), new Uint8Array(3)]],
    ['arrays in arrays in arrays', [encode([1, 0, 1, 'a', nested(100), null])]],
  ])('are refused when they are %s', (_title, frames) => {
    expect(() => decodeItems(frames)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })
})

it('never holds a path that other bytes than its own lead out of', () => {
  const frame = Buffer.from(encode([1, 0, 1, 'a', ['xx/secret', 'xx/secret'.replace('xx', 'x\0')], null]))
  // Overlong forms of `.` and `/`, and half a character before a slash.
  for (const bytes of ['c0ae', 'c0af', '2ee2', 'f02f']) {
    const forged = Buffer.from(frame)
    forged.set(Buffer.from(bytes, 'hex'), forged.indexOf('xx/'))
    const [call] = decodeItems([forged])
    const [path] = call?.type === 'call' && Array.isArray(call.args) ? call.args : []
    expect(path).toContain('\ufffd')
    expect(String(path).split('/')).not.toContain('..')
  }
})

function nested(depth: number): unknown {
  return depth === 0 ? null : [nested(depth - 1)]
}
