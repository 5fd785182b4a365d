import { expect, it } from 'vitest'
import { attributeFields, encodeRequest, FieldReader, FSETSTAT, OPEN, openFields, WRITE } from './packets.ts'

it('encodes requests as the protocol has them', () => {
  expect(encodeRequest(OPEN, 1, openFields('ä', 'new')).toString('hex')).toBe(
    '00000013' + '03' + '00000001' + '00000002c3a4' + '0000002a' + '00000000',
  )
  const handle = Buffer.from([9])
  const write = encodeRequest(WRITE, 2, [handle, { u64: 2 ** 33 + 5 }, { u32: 3 }], 3)
  expect(write.toString('hex')).toBe('00000019' + '06' + '00000002' + '0000000109' + '0000000200000005' + '00000003')
  const set = encodeRequest(FSETSTAT, 3, [handle, ...attributeFields({ mode: 0o644, mtime: 7 })])
  expect(set.toString('hex')).toBe(
    '0000001a' + '0a' + '00000003' + '0000000109' + '0000000c' + '000001a4' + '00000007' + '00000007',
  )
})

it('reads attributes, whatever of them a server sends', () => {
  const all = Buffer.from(
    '8000000f' +
      '0000000100000002' +
      '0000000300000004' +
      '000081a4' +
      '00000005' +
      '00000006' +
      '00000001' +
      '00000001610000000162' +
      '00000000',
    'hex',
  )
  const reader = new FieldReader(all, 0)
  expect(reader.attributes()).toEqual({ size: 2 ** 32 + 2, mode: 0o100644, mtime: 6 })
  expect(reader.attributes()).toEqual({ size: 0, mode: 0, mtime: 0 })
  expect(reader.isAtEnd).toBe(true)
})

it('does not read behind the end of a packet', () => {
  expect(() => new FieldReader(Buffer.from('000000056162', 'hex'), 0).string()).toThrow(RangeError)
  expect(() => new FieldReader(Buffer.from('0000', 'hex'), 0).u32()).toThrow(RangeError)
  expect(() => new FieldReader(Buffer.from('ffffffff', 'hex'), 0).entries()).toThrow(RangeError)
})
