import { describe, expect, it } from 'vitest'
import { describedEvent } from './described-event.ts'
import { formatLine } from './format-line.ts'
import { describeProgress, sum } from './live-line.ts'
import { logLine } from './log-file.ts'

const event = {
  type: 'transfer_ended',
  time: new Date(2026, 0, 31, 4, 5, 6, 7).getTime(),
  service: 'left',
  folder: 'docs',
  path: 'a\u001b[2J\nb',
  source: 'right',
  size: 1,
} as const
const ended = describedEvent(event)

describe('formatLine', () => {
  it('is one line with local time, level, channel and message, without control characters', () => {
    expect(formatLine(ended)).toBe(
      "2026-01-31 04:05:06.007 INFO  left - Dealer: Transfer of 'a\\x1b[2J\\x0ab' successful",
    )
  })
})

describe('logLine', () => {
  it('holds the event as data', () => {
    const line: unknown = JSON.parse(logLine(ended, 30) ?? '')
    expect(line).toMatchObject({
      level: 30,
      time: event.time,
      channel: 'left - Dealer',
      event: { type: 'transfer_ended', path: event.path },
    })
  })

  it('leaves out what is below the level', () => {
    expect(logLine(ended, 40)).toBeUndefined()
  })
})

describe('describeProgress', () => {
  it('adds up the services', () => {
    const one = { files: 1_000, bytes: 2e6, active: 2, waiting: 30 }
    const two = { files: 234, bytes: 3e6, active: 1, waiting: 0 }
    expect(describeProgress(sum([one, two]), 1_500_000)).toBe(
      '1,234 files, 5.0 MB done · 1.5 MB/s · 3 running, 30 waiting',
    )
  })
})
