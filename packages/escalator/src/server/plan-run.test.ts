import { describe, expect, it } from 'vitest'
import { keyId } from '../wire/key.ts'
import type { BatchRequest } from './parse-request.ts'
import { aheadLength, type Barrier, keysToRead, planRun, type RunPlan, type RunRequest, runLength } from './plan-run.ts'

const bytes = (text: string) => Buffer.from(text)
const put = (key: string, value: string, sync = false): BatchRequest => ({
  type: 'batch',
  writes: { keys: [key], values: [bytes(value)] },
  conditions: { keys: [], values: [] },
  sync,
})
const remove = (key: string): BatchRequest => ({ ...put(key, ''), writes: { keys: [key], values: [null] } })
const onlyIf = (key: string, expected: string | null, request: BatchRequest): BatchRequest => ({
  ...request,
  conditions: { keys: [key], values: [expected === null ? null : bytes(expected)] },
})
const get = (key: string): RunRequest => ({ type: 'get', key })
const range: Barrier = { type: 'opens', begin: () => undefined }
const clear: Barrier = { type: 'alone', begin: () => undefined }
const written = ({ writes }: RunPlan) =>
  new Map(writes.flatMap(({ keys, values }) => keys.map((key, index) => [keyId(key), values[index]] as const)))
const plan = (requests: RunRequest[], stored: Record<string, string> = {}) =>
  planRun(requests, new Map(Object.entries(stored).map(([key, value]) => [key, bytes(value)])))

describe('planRun', () => {
  it('reads what is stored, and null for what is not', () => {
    const { outcomes, writes } = plan([get('a'), get('b')], { a: '1' })
    expect(outcomes.map(({ body }) => body)).toEqual([bytes('1'), null])
    expect(writes).toEqual([])
  })

  it('shows a read the writes before it, and not those behind it', () => {
    const { outcomes } = plan([get('a'), put('a', '2'), get('a'), remove('a'), get('a')], { a: '1' })
    expect(outcomes.map(({ body }) => body)).toEqual([bytes('1'), null, bytes('2'), null, null])
  })

  it('holds back only the answers that depend on a write', () => {
    const { outcomes } = plan([put('a', '2'), get('a'), get('b')])
    expect(outcomes.map(({ afterWrite }) => afterWrite)).toEqual([true, true, false])
  })

  it('keeps the order of writes', () => {
    const requests = [put('a', '1'), put('a', '2'), remove('b'), put('b', '3')]
    expect(plan(requests).writes).toEqual(requests.map(({ writes }) => writes))
  })

  it('takes a text and its bytes for the same key', () => {
    const { outcomes } = plan([put('é', '1'), { type: 'get', key: bytes('é') }])
    expect(outcomes[1]?.body).toEqual(bytes('1'))
  })

  it.each([
    ['the stored value is the expected one', 'x', true],
    ['the stored value is another', 'y', false],
    ['nothing is stored but something expected', undefined, false],
  ])('judges a condition when %s', (_, stored, holds) => {
    const planned = plan([onlyIf('a', 'x', put('b', '1'))], stored === undefined ? {} : { a: stored })
    expect(written(planned).has('b')).toBe(holds)
    expect(planned.outcomes[0]?.body).toBe(holds ? null : 0)
  })

  it('judges conditions in order, over the writes before them', () => {
    const planned = plan([
      onlyIf('a', null, put('a', 'first')),
      onlyIf('a', null, put('a', 'second')),
      onlyIf('a', 'first', put('a', 'third')),
    ])
    expect(planned.outcomes.map(({ body }) => body)).toEqual([null, 0, null])
    expect(written(planned).get('a')).toEqual(bytes('third'))
  })

  it('names the first condition that fails', () => {
    const request: BatchRequest = {
      type: 'batch',
      writes: { keys: [], values: [] },
      conditions: { keys: ['a', 'b'], values: [null, bytes('1')] },
      sync: false,
    }
    expect(plan([request]).outcomes[0]?.body).toBe(1)
  })

  it('syncs once when any of the writes asks for it, and not for a batch that failed', () => {
    expect(plan([put('a', '1'), put('b', '1', true)]).sync).toBe(true)
    expect(plan([onlyIf('x', 'y', put('a', '1', true))]).sync).toBe(false)
  })
})

describe('keysToRead', () => {
  it('gives each key of reads and conditions once', () => {
    const requests: RunRequest[] = [get('a'), { type: 'getMany', keys: ['a', 'b'] }, onlyIf('c', null, put('d', '1'))]
    expect([...keysToRead(requests).values()]).toEqual(['a', 'b', 'c'])
  })
})

describe('runLength', () => {
  const lengthOf = (requests: readonly (RunRequest | Barrier)[], weight = 1_000_000, most = 100) =>
    runLength(
      requests.map((request) => ({ request })),
      { weight, requests: most },
    )

  it('ends before a range that has to see a write', () => {
    expect(lengthOf([get('a'), range, put('a', '1'), get('a'), range])).toBe(4)
  })

  it('leaves alone what goes alone', () => {
    expect(lengthOf([get('a'), clear, get('a')])).toBe(1)
    expect(lengthOf([clear, get('a')])).toBe(1)
  })

  it('ends when it has become heavy, with one request at least', () => {
    expect(lengthOf([put('a', 'x'.repeat(2_000)), put('b', '1'), put('c', '1')], 1_000)).toBe(1)
    expect(lengthOf([put('a', 'x'.repeat(2_000))], 1_000)).toBe(1)
  })

  it('ends behind so many requests', () => {
    expect(lengthOf([get('a'), get('b'), put('c', '1'), get('d')], 1_000, 3)).toBe(3)
    expect(lengthOf([get('a')], 1_000, 3)).toBe(1)
  })

  it('takes all that are there when they share an fsync', () => {
    expect(lengthOf([put('a', '1', true), get('b'), put('c', '1', true), put('d', '1')], 1_000, 2)).toBe(4)
    expect(lengthOf([get('a'), get('b'), put('c', '1', true), put('d', '1', true)], 1_000, 2)).toBe(2)
  })
})

describe('aheadLength', () => {
  const lengthOf = (requests: readonly (RunRequest | Barrier)[], ahead = { requests: 0, weight: 0 }, most = 100) =>
    aheadLength(
      requests.map((request) => ({ request })),
      ahead,
      { weight: 1_000, requests: most },
    )

  it('counts the writes up to the first request that has to look at what is stored', () => {
    expect(lengthOf([put('a', '1'), remove('b')])).toBe(2)
    for (const looking of [get('a'), onlyIf('a', null, put('a', '1')), range, clear])
      expect(lengthOf([put('a', '1'), looking, put('b', '1')])).toBe(1)
  })

  it('leaves no room beyond the limits for what is there already', () => {
    expect(lengthOf([put('a', '1'), put('b', '1'), put('c', '1')], { requests: 2, weight: 0 }, 4)).toBe(2)
    expect(lengthOf([put('a', '1')], { requests: 1, weight: 2_000 })).toBe(0)
  })

  it('takes all that share an fsync', () => {
    expect(lengthOf([put('a', '1', true), put('b', '1', true), put('c', '1')], { requests: 4, weight: 0 }, 4)).toBe(2)
  })
})
