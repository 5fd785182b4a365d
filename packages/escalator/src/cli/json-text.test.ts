import { describe, expect, it } from 'vitest'
import { fromJsonText, toJsonText } from './json-text.ts'

describe('JSON text of values', () => {
  it.each([
    ['nothing', null, 'null'],
    ['a string', 'a', '"a"'],
    ['an object', { a: [1, { b: true }] }, '{"a":[1,{"b":true}]}'],
    ['bytes', Buffer.from([1, 2, 255]), '{"$bytes":"AQL/"}'],
    ['bytes inside', { a: [new Uint8Array([0])] }, '{"a":[{"$bytes":"AA=="}]}'],
  ])('of %s goes there and back', (_, value, text) => {
    expect(toJsonText(value)).toBe(text)
    expect(toJsonText(fromJsonText(text))).toBe(text)
  })

  it('keeps objects that only look like bytes', () => {
    expect(fromJsonText('{"$bytes":"AA==","more":1}')).toEqual({ $bytes: 'AA==', more: 1 })
  })

  it('refuses bytes that are not base64', () => {
    expect(() => fromJsonText('{"$bytes":"?"}')).toThrow(TypeError)
  })
})
