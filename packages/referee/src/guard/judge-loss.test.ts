import { describe, expect, it } from 'vitest'
import { judgeLoss } from './judge-loss.ts'

const limit = { files: 100, share: 0.5 }
const just = { waited: 0, quiet: 0 }

describe('deletions', () => {
  it.each([
    ['that take nothing away are carried out at once', limit, 3, 0, 200, just, 'decide'],
    ['wait for more, for it may be the first of many', limit, 0, 1, 200, just, 'wait'],
    ['are carried out when no more come', limit, 0, 100, 200, { waited: 300, quiet: 300 }, 'decide'],
    ['are carried out when more come all the time', limit, 0, 100, 200, { waited: 1_000, quiet: 0 }, 'decide'],
    ['are waited for longer when they are many', limit, 0, 101, 1_000, { waited: 1_000, quiet: 0 }, 'wait'],
    ['are not waited for without an end', limit, 0, 101, 1_000, { waited: 10_000, quiet: 0 }, 'decide'],
    ['are held as soon as they are too many', limit, 0, 101, 200, just, 'hold'],
    ['are held together with those before them', limit, 100, 1, 100, { waited: 300, quiet: 300 }, 'hold'],
    ['are held at once when none is allowed', { files: 0, share: 0 }, 0, 1, 200, just, 'hold'],
  ] as const)('%s', (_, given, lost, pending, live, course, verdict) => {
    expect(judgeLoss(given, { lost, pending }, live, course)).toBe(verdict)
  })
})
