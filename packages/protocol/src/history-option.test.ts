import { describe, expect, it } from 'vitest'
import { parseHistoryOptions } from './history-option.ts'

const DAY = 86_400_000

describe('the folder option history', () => {
  it.each([
    ['is 30 days without a limit of size when it is left out', undefined, undefined, { age: 30 * DAY, size: null }],
    ['may be written as true', true, undefined, { age: 30 * DAY, size: null }],
    ['may be off', false, undefined, undefined],
    ['has an age', { age: '2d' }, undefined, { age: 2 * DAY, size: null }],
    ['has a size', { size: '10G' }, undefined, { age: 30 * DAY, size: 1e10 }],
    ['may be on for one service only', false, { size: 5 }, { age: 30 * DAY, size: 5 }],
    ['may be off for one service only', { age: '2d' }, false, undefined],
    [
      'takes from the folder what the service does not say',
      { age: '2d', size: 9 },
      { size: 5 },
      { age: 2 * DAY, size: 5 },
    ],
    ['is as the folder has it where the service says true', { age: '2d' }, true, { age: 2 * DAY, size: null }],
  ])('%s', (_title, folder, service, expected) => {
    expect(parseHistoryOptions(folder, service)).toEqual(expected)
  })

  it.each([{ age: 30 }, { size: 'much' }, { days: 3 }, 'yes', 30])('does not take %j', (written) => {
    expect(() => parseHistoryOptions(written, undefined)).toThrow()
  })
})
