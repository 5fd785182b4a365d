import { expect } from 'vitest'
import { waitUntil } from '../../wait-until.ts'
import type { Case, CaseGroup } from '../case.ts'
import type { RunningService } from '../service/running-service.ts'
import { expectAbsent, expectContent, expectSame } from './expectations.ts'
import { bytes } from './samples.ts'

/** Bytes in a second: what a case sends would take minutes. */
const SLOW = 1_000
const CONTENT = 1024 * 1024

/** The Plug is told that the driver is at work, so that no deadline ends what waits; and it does wait. */
async function expectToWait(service: RunningService, work: Promise<unknown>): Promise<void> {
  let isOver = false
  const over = work.then(
    () => {
      isOver = true
    },
    () => {
      isOver = true
    },
  )
  const before = service.plug.atWorkCalls
  await waitUntil(() => isOver || service.plug.atWorkCalls > before, {
    timeout: 60_000,
    what: () => `nobody said that something waits for a limit. ${service.describe()}`,
  })
  expect(isOver, 'it went on at once').toBe(false)
  await service.close()
  await over
}

const up: Case = {
  title: 'sends contents no faster than bandwidth_up, and goes on with them without that limit',
  async run({ place, open, openSettled }) {
    const slow = await open({ options: { bandwidth_up: SLOW } })
    const content = bytes(CONTENT)
    await expectToWait(slow, slow.write('file', content, { chunked: true }))
    await expectAbsent(place.access, 'file')
    const service = await openSettled()
    await service.write('file', content)
    await expectContent(place.access, 'file', content)
  },
}

const down: Case = {
  title: 'fetches contents no faster than bandwidth_down',
  async run({ open, openSettled }) {
    const before = await openSettled()
    const content = bytes(CONTENT)
    await before.write('file', content)
    await before.close()
    const slow = await open({ options: { bandwidth_down: SLOW } })
    await expectToWait(slow, Promise.all([slow.range('file', 0, CONTENT), slow.range('file', 0, CONTENT)]))
    const service = await openSettled()
    expectSame(await service.range('file', 0, CONTENT), content, 'what was read')
  },
}

const requests: Case = {
  title: 'does all its work, in order, with few requests in a second',
  async run({ place, openSettled }) {
    const service = await openSettled({ options: { requests_per_second: 50 } })
    const contents = [bytes(100), bytes(200), bytes(300)]
    await Promise.all(contents.map((content, index) => service.write(`dir/file ${index}`, content)))
    for (const [index, content] of contents.entries()) await expectContent(place.access, `dir/file ${index}`, content)
    await service.remove('dir/file 0')
    await expectAbsent(place.access, 'dir/file 0')
    await service.catchUp()
    const files = service.plug.changes.filter((change) => change.type !== 'updated' || change.kind !== 'directory')
    expect(files).toEqual([])
  },
}

/** For drivers that have the options of `Pace`. */
export const limits: CaseGroup = {
  title: 'limits',
  cases: ({ manifest: { options } }) => ('bandwidth_up' in options ? [up, down, requests] : []),
}
