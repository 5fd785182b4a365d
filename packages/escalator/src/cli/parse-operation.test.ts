import { describe, expect, it } from 'vitest'
import { parseOperation } from './parse-operation.ts'

describe('a line of a batch', () => {
  it.each([
    ['{"key":"a","value":1}', { operation: { type: 'put', key: 'a', value: 1, raw: false } }],
    ['{"type":"put","key":"a","value":null}', { operation: { type: 'put', key: 'a', value: null, raw: false } }],
    ['{"type":"del","key":"a"}', { operation: { type: 'delete', key: 'a' } }],
    ['{"type":"delete","key":"a"}', { operation: { type: 'delete', key: 'a' } }],
    ['{"type":"check","key":"a","absent":true}', { condition: { key: 'a', absent: true } }],
    ['{"type":"check","key":"a","equals":[1]}', { condition: { key: 'a', equals: [1], raw: false } }],
  ])('%s is understood', (text, expected) => {
    expect(parseOperation(text, false)).toEqual(expected)
  })

  it('has bytes as values when they are raw', () => {
    const line = parseOperation('{"key":"a","value":{"$bytes":"AQ=="}}', true)
    expect(line.operation).toEqual({ type: 'put', key: 'a', value: Buffer.from([1]), raw: true })
    expect(() => parseOperation('{"key":"a","value":1}', true)).toThrow(TypeError)
  })

  it.each([
    '1',
    'null',
    '{"key":5,"value":1}',
    '{"key":"a"}',
    '{"type":"get","key":"a"}',
    '{"type":"check","key":"a"}',
  ])('%s is refused', (text) => {
    expect(() => parseOperation(text, false)).toThrow(TypeError)
  })
})
