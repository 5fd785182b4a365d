import { expect, it } from 'vitest'
import { checkedChange } from './checked-change.ts'
import { type Told, ToldBefore } from './told-before.ts'

function deleted(path: string): Told {
  const checked = checkedChange({ type: 'deleted', folder: 'docs', path })
  return { checked, overtaken: new Set(), during: new Set(), sole: new Set(), made: new Set() }
}

it('what was told while an order changed the file is the only news of it until there is more', async () => {
  const before = new ToldBefore()
  const [first, second] = [deleted('file'), deleted('file')]
  const { fid } = first.checked
  await before.change(fid, async () => before.add(first))
  expect([...first.during, ...first.sole]).toEqual([fid, fid])
  before.add(second)
  expect([first, second].map(({ sole }) => sole.size)).toEqual([0, 0])
})

it('what was told before an order changed the file is older, unless the order failed', async () => {
  const before = new ToldBefore()
  const told = deleted('file')
  before.add(told)
  const { fid } = told.checked
  await before.change(fid, async () => expect([...told.overtaken]).toEqual([fid]))
  expect([...told.overtaken]).toEqual([fid])
  const later = deleted('file')
  before.add(later)
  await expect(before.change(fid, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect([...later.overtaken]).toEqual([])
})
