import { expect, it } from 'vitest'
import { reconcileKnown, UNSURE } from './reconcile-known.ts'

it('is sure of what both say, and of nothing else', () => {
  const remembered = new Map([
    ['same', '1'],
    ['just written', '2'],
    ['replaced', '3'],
  ])
  const listed = new Map([
    ['same', '1'],
    ['replaced', '4'],
    ['just deleted', '5'],
  ])
  expect(reconcileKnown(remembered, listed)).toEqual(
    new Map([
      ['same', '1'],
      ['just written', UNSURE],
      ['replaced', UNSURE],
      ['just deleted', UNSURE],
    ]),
  )
})
