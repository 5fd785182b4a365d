import { expect, it } from 'vitest'
import type { Change } from '../contract.ts'
import { checkedChange } from './checked-change.ts'
import { type Told, ToldBefore } from './told-before.ts'

const file = { folder: 'docs', path: 'file' } as const

function deleted(): Told {
  return told({ type: 'deleted', ...file })
}

function updated(): Told {
  return told({ type: 'updated', ...file, token: '1', size: 0, mtime: null })
}

function told(change: Change): Told {
  const checked = checkedChange(change)
  return { checked, overtaken: new Set(), during: new Set(), last: new Set(), made: new Set() }
}

it('of what was told while an order changed the file the last counts, and a deletion if it is the only one', async () => {
  const before = new ToldBefore()
  const all = [deleted(), updated(), deleted(), updated()]
  const lasts = () => all.map(({ last }) => last.size)
  const { fid } = checkedChange({ type: 'deleted', ...file })
  await before.change(fid, async () => {
    const seen = all.map((one) => {
      before.add(one)
      return lasts()
    })
    expect(seen).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 1],
    ])
  })
  expect(all.every(({ during }) => during.has(fid))).toBe(true)
})

it('what was told before an order changed the file is older, unless the order failed', async () => {
  const before = new ToldBefore()
  const earlier = deleted()
  before.add(earlier)
  const { fid } = earlier.checked
  await before.change(fid, async () => expect([...earlier.overtaken]).toEqual([fid]))
  expect([...earlier.overtaken]).toEqual([fid])
  const later = deleted()
  before.add(later)
  await expect(before.change(fid, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect([...later.overtaken]).toEqual([])
})
