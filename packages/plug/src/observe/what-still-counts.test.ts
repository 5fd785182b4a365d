import { contentHash, fileId } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import type { Change } from '../contract.ts'
import { checkedChange } from './checked-change.ts'
import { type Held, whatStillCounts } from './what-still-counts.ts'

const seen = {
  folder: 'docs',
  path: 'b',
  size: 1,
  mtime: 10,
  mode: 0o644,
  token: 't1',
  hash: contentHash(Buffer.from('x')),
}
const updated: Change = { type: 'updated', ...seen }
const moved: Change = { type: 'moved', from: { folder: 'docs', path: 'a' }, ...seen }
const deleted: Change = { type: 'deleted', folder: 'docs', path: 'b' }
const [a, b] = [fileId('docs', 'a'), fileId('docs', 'b')]

function held(
  change: Change,
  {
    overtaken = [],
    during = [],
    last = [],
    made = [],
    isOld,
  }: { overtaken?: string[]; during?: string[]; last?: string[]; made?: string[]; isOld?: true },
): Held {
  return {
    checked: checkedChange(change),
    overtaken: new Set(overtaken),
    during: new Set(during),
    last: new Set(last),
    made: new Set(made),
    ...(isOld && { isOld }),
  }
}

/** Type, path, and whether it has to be proven. */
function outcome(told: Held, canRely = true): string[] {
  return whatStillCounts(told, canRely).map(
    ({ change: { type, path }, isDoubted }) => `${type} ${path}${isDoubted ? '?' : ''}`,
  )
}

describe('whatStillCounts', () => {
  it('believes what no order has to do with', () => {
    expect([updated, moved, deleted].map((change) => outcome(held(change, {})))).toEqual([
      ['updated b'],
      ['moved b'],
      ['deleted b'],
    ])
  })

  it('doubts what an order has changed since, and drops that it is gone', () => {
    const overtaken = [b]
    expect(outcome(held(updated, { overtaken }))).toEqual(['updated b?'])
    expect(outcome(held(deleted, { overtaken }))).toEqual([])
  })

  it('doubts what was told while an order changed it', () => {
    const during = [b]
    expect(outcome(held(updated, { during }))).toEqual(['updated b?'])
    expect(outcome(held(deleted, { during }))).toEqual(['deleted b?'])
    expect(outcome(held(moved, { during }))).toEqual(['moved b?'])
  })

  it('says whether the order that changed it was the first thing that happened there', () => {
    const [first] = whatStillCounts(held(deleted, { during: [b], last: [b] }), true)
    expect(first).toMatchObject({ isDoubted: true, isLast: true })
    expect(whatStillCounts(held(deleted, { during: [b] }), true)[0]).not.toHaveProperty('isLast')
  })

  it('does not take the hash from the driver where it doubts', () => {
    expect(whatStillCounts(held(updated, { during: [b] }), true)[0]?.change).not.toHaveProperty('hash')
  })

  it('doubts what waited for an order where the service writes whatever is there, but for directories', () => {
    expect(outcome(held(updated, { isOld: true }))).toEqual(['updated b'])
    expect(outcome(held(updated, { isOld: true }), false)).toEqual(['updated b?'])
    expect(outcome(held({ ...updated, kind: 'directory' }, { isOld: true }), false)).toEqual(['updated b'])
  })

  it('leaves the old place of a move to the order that has changed it since', () => {
    expect(outcome(held(moved, { overtaken: [a] }))).toEqual(['updated b'])
  })

  it('proves both places of a move that was told while an order wrote, whatever was there, to the old one', () => {
    expect(outcome(held(moved, { during: [a] }), false)).toEqual(['deleted a?', 'updated b?'])
    expect(outcome(held(moved, { during: [a] }))).toEqual(['moved b'])
    expect(whatStillCounts(held(moved, { during: [a], made: [a] }), true)).toMatchObject([
      { change: { type: 'moved' }, isDoubted: true, isFromDoubted: true },
    ])
  })
})
