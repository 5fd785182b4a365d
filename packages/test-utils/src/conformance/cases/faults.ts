import { expect } from 'vitest'
import { waitUntil } from '../../wait-until.ts'
import type { Case, CaseContext, CaseGroup } from '../case.ts'
import type { Fault } from '../definition.ts'
import { errorCode } from '../error-code.ts'
import type { RunningService } from '../service/running-service.ts'
import { expectContent, expectSame, failureOf } from './expectations.ts'
import { bytes, text } from './samples.ts'

/** Something the service refuses from the start: no folder is available, and the reason says why. */
async function refusedAtStart(context: CaseContext, fault: Fault, options: object): Promise<void> {
  const service = await context.open({ options: { ...options } }).catch((error: unknown) => error)
  if (service instanceof Error) {
    expect(errorCode(service)).toBe(fault.code)
    return
  }
  const running = service as RunningService
  await waitUntil(() => running.plug.unavailable, { timeout: 30_000, what: () => running.describe() })
  const error = await failureOf(running.write('file', text('content')), `writing with ${fault.title}`)
  expect(errorCode(error), String(error)).toBe(fault.code)
  expect(running.plug.unavailable?.length ?? 0, 'the reason').toBeGreaterThan(20)
}

/** Something that shows on writing: what was there before stays readable. */
async function refusedOnWrite(context: CaseContext, fault: Fault, options: object): Promise<void> {
  const service = await context.openSettled({ options: { ...options } })
  const content = bytes(2 * service.chunkSize + 10)
  for (const chunked of [false, true]) {
    const error = await failureOf(service.write('file', content, { chunked }), `writing with ${fault.title}`)
    expect(errorCode(error), String(error)).toBe(fault.code)
    await expectContent(context.place.access, 'file', text('before'))
    expectSame(await service.read('file'), text('before'), 'what the driver reads meanwhile')
  }
}

function faultCase(fault: Fault): Case {
  return {
    title: `says ${fault.code} of ${fault.title}, and nothing is lost`,
    async run(context) {
      const { place } = context
      const before = await context.openSettled()
      await before.write('file', text('before'))
      await before.close()
      const { options, end } = await fault.begin(place)
      try {
        await (fault.at === 'start' ? refusedAtStart : refusedOnWrite)(context, fault, options)
        await expectContent(place.access, 'file', text('before'))
      } finally {
        await end()
      }
      const after = await context.openSettled()
      expect(after.plug.changes).toEqual([])
      await after.write('file', text('after'))
      await expectContent(place.access, 'file', text('after'))
    },
  }
}

export const faults: CaseGroup = {
  title: 'refusals',
  concurrent: false,
  cases: ({ faults: declared = [] }) => declared.map(faultCase),
}
