import { stagedName } from '@onitu/protocol'
import { expect, it } from 'vitest'
import { isLeftBehind } from './left-behind.ts'

const HOUR = 60 * 60 * 1000

it.each([
  ['what another process was writing in one go', 'small-99999999-3', 0, true],
  ['what this process is writing in one go', `small-${process.pid}-3`, 99 * HOUR, false],
  ['an upload that may go on', '00000000-0000-0000-0000-000000000000-7.part', 23 * HOUR, false],
  ['an upload that nobody has gone on with for a day', '00000000-0000-0000-0000-000000000000-7.part', 25 * HOUR, true],
  ['what was staged a moment ago', stagedName(), 0.9 * HOUR, false],
  ['what was staged and not taken for an hour', stagedName(), 1.1 * HOUR, true],
  ['what a process had staged that is gone', stagedName().replace(/\d+/, '4194305'), 0, true],
])('%s: left behind or not', (_, name, age, isLeft) => {
  expect(isLeftBehind(name, age)).toBe(isLeft)
})
