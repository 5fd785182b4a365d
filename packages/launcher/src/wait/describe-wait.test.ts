import { describe, expect, it } from 'vitest'
import { describeWait } from './describe-wait.ts'
import type { WaitResult } from './wait-until-quiet.ts'

const result: WaitResult = { done: false, catchingUp: [], problems: [], pending: [], held: [] }
const pending = { service: 'left', state: 'running', pending: 2, reported: 1, failed: [] }

describe('describeWait', () => {
  it('says what is not done, and then what keeps services from it, a line each', () => {
    const problems = [
      { service: 'left', folder: 'docs', reason: 'no\nhost' },
      { service: 'right', folder: null, reason: 'its process has failed: no' },
    ]
    expect(describeWait({ ...result, catchingUp: ['left'], problems, pending: [pending] }).split('\n')).toEqual([
      'Timed out; not done yet:',
      '  service left is still looking at what changed',
      '  service left (running): 2 pending, 1 reported and not decided',
      '  service left: folder docs is unavailable: no\\x0ahost',
      '  service right: its process has failed: no',
    ])
  })

  it('says that the Referee does not run when that is all that is left, whatever else is wrong', () => {
    const problems = [{ service: 'left', folder: 'docs', reason: 'unmounted' }]
    expect(describeWait({ ...result, problems }).split('\n')).toEqual([
      'Timed out; not done yet:',
      '  the Referee does not run',
      '  service left: folder docs is unavailable: unmounted',
    ])
  })
})
