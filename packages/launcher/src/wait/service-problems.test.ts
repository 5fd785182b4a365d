import { describe, expect, it } from 'vitest'
import { type KnownService, serviceProblems } from './service-problems.ts'

const running: KnownService = { name: 'left', state: 'running', reason: '', unavailable: [], told: undefined }
const unavailable = [
  { folder: 'docs', reason: 'unmounted' },
  { folder: 'music', reason: 'gone' },
]

describe('serviceProblems', () => {
  it.each<[string, Partial<KnownService>, readonly (readonly [string | null, string])[]]>([
    ['is nothing of a service that runs', {}, []],
    [
      'is why its folders cannot be reached',
      { unavailable },
      [
        ['docs', 'unmounted'],
        ['music', 'gone'],
      ],
    ],
    ['is what it answers, if it has said nothing of its folders', { told: 'no' }, [[null, 'no']]],
    ['is not told twice', { unavailable: unavailable.slice(0, 1), told: 'no' }, [['docs', 'unmounted']]],
    ['is that its process comes up', { state: 'starting' }, [[null, 'its process is starting']]],
    [
      'is why its process had ended when it comes up again',
      { state: 'starting', told: 'no host' },
      [[null, 'its process is starting: no host']],
    ],
    [
      'is why its process failed, not what it had said of its folders before',
      { state: 'failed', reason: 'no such option', unavailable },
      [[null, 'its process has failed: no such option']],
    ],
    ['is nothing of one that is stopped on purpose', { state: 'stopped', unavailable }, []],
  ])('%s', (_title, more, problems) => {
    expect(serviceProblems({ ...running, ...more })).toEqual(
      problems.map(([folder, reason]) => ({ service: 'left', folder, reason })),
    )
  })
})
