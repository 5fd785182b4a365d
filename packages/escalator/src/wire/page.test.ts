import { describe, expect, it } from 'vitest'
import { bytesColumn, packPage, textColumn } from './pack-page.ts'
import { Page } from './page.ts'

const indexes = [0, 1, 2]
const keys = ['a', 'bcd', 'é日🙂']
const values = [Uint8Array.of(), Uint8Array.of(1, 255), Buffer.from('text')]
const entries = () => packPage(3, textColumn(keys), bytesColumn(values))

describe('a page', () => {
  it('gives back its keys and values', () => {
    const page = new Page(entries())
    expect(page.count).toBe(3)
    expect(indexes.map((index) => page.keyText(index, 0))).toEqual(keys)
    expect(indexes.map((index) => page.key(index).toString())).toEqual(keys)
    expect(indexes.map((index) => Buffer.compare(page.value(index), values[index] ?? Buffer.of(9)))).toEqual([0, 0, 0])
    expect(page.valueText(2)).toBe('text')
  })

  it('gives keys without the prefix of the database', () => {
    expect(new Page(packPage(2, textColumn(['p:a', 'p:']), undefined)).keyText(0, 2)).toBe('a')
    expect(new Page(packPage(1, textColumn(['é:日']), undefined)).keyText(0, 3)).toBe('日')
  })

  it('is the same whether it was packed from texts or bytes', () => {
    const fromBytes = packPage(3, bytesColumn(keys.map((key) => Buffer.from(key))), bytesColumn(values))
    expect(Buffer.compare(fromBytes, entries())).toBe(0)
  })

  it('may hold keys only, values only, or nothing', () => {
    const onlyKeys = new Page(packPage(3, textColumn(keys), undefined))
    expect(onlyKeys.keyText(1, 0)).toBe('bcd')
    expect(() => onlyKeys.value(1)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
    expect(new Page(packPage(3, undefined, bytesColumn(values))).value(1)).toEqual(Buffer.of(1, 255))
    expect(new Page(packPage(0, textColumn([]), bytesColumn([]))).count).toBe(0)
  })

  it('is not made of texts that were read from other bytes', () => {
    expect(textColumn(['a', Buffer.of(97, 0x80).toString()])).toBeUndefined()
  })

  it('is refused, or read, whatever the bytes are', () => {
    const packed = entries()
    for (let at = 0; at < packed.byteLength; at++) {
      for (const byte of [0, 1, 127, 255]) {
        const broken = Uint8Array.from(packed)
        broken[at] = byte
        try {
          const page = new Page(broken)
          for (const index of indexes.filter((each) => each < page.count))
            page.keyText(index, 0) + page.valueText(index)
        } catch (error) {
          expect(error).toMatchObject({ code: 'PROTOCOL' })
        }
      }
      expect(() => new Page(packed.subarray(0, at))).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
    }
  })
})
