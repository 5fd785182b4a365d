import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Database } from '../src/database.ts'
import { open } from './support.ts'

const RUNS = 60
const LENGTH = 150
const LAST = 'last'

type Model = Map<string, number>
/** Applied to the model at once; what the server has to answer comes out. */
type Step = (model: Model, database: Database<number>) => Promise<readonly [answer: unknown, expected: unknown]>

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const failed = (error: unknown) => Object(error).code

const put: fc.Arbitrary<Step> = fc
  .tuple(key, fc.nat(99), fc.boolean())
  .map(([k, v, sync]) => async (model, database) => {
    model.set(k, v)
    return [await database.put(k, v, { sync }), undefined]
  })
const remove: fc.Arbitrary<Step> = key.map((k) => async (model, database) => {
  model.delete(k)
  return [await database.delete(k), undefined]
})
const get: fc.Arbitrary<Step> = key.map((k) => async (model, database) => {
  const expected = model.get(k) ?? null
  return [await database.get(k, { default: null }), expected]
})
const onlyIfAbsent: fc.Arbitrary<Step> = fc.tuple(key, fc.nat(99)).map(([k, v]) => async (model, database) => {
  const expected = model.has(k) ? 'CONDITION_FAILED' : undefined
  if (expected === undefined) model.set(k, v)
  const operations = [{ type: 'put', key: k, value: v }] as const
  return [await database.batch(operations, { conditions: [{ key: k, absent: true }] }).catch(failed), expected]
})
const range: fc.Arbitrary<Step> = fc.constant(async (model, database) => {
  const expected = sorted(model)
  return [await database.range().all(), expected]
})
const clear: fc.Arbitrary<Step> = fc.constant(async (model, database) => {
  const expected = model.size
  model.clear()
  return [await database.clear(), expected]
})
// Writes most of all, so that many of them stand behind one that is under way.
const step = fc.oneof(
  { arbitrary: put, weight: 20 },
  { arbitrary: remove, weight: 5 },
  { arbitrary: get, weight: 3 },
  { arbitrary: onlyIfAbsent, weight: 3 },
  { arbitrary: range, weight: 1 },
  { arbitrary: clear, weight: 1 },
)

function sorted(model: Model): [string, number][] {
  return [...model].sort(([left], [right]) => (left < right ? -1 : 1))
}

async function putLast(model: Model, database: Database<number>) {
  model.set(LAST, 1)
  return [await database.put(LAST, 1), undefined] as const
}

describe('calls that are made without waiting for those before them', () => {
  it('take effect in their order, and are watched in it', { timeout: 60_000 }, async () => {
    const { database: client } = await open()
    let number = 0
    const program = fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: LENGTH, size: 'max' })
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const database = client.prefixed<number>(`run ${number++}:`)
        const model: Model = new Map()
        const watched: Model = new Map()
        const watching = database.watch()
        await watching.next()
        const calls: ReturnType<Step>[] = []
        for (const [each, pause] of steps) {
          calls.push(each(model, database))
          if (pause) await nextTurn()
        }
        calls.push(putLast(model, database))
        for (const [answer, expected] of await Promise.all(calls)) expect(answer).toEqual(expected)
        expect(await database.range().all()).toEqual(sorted(model))
        for await (const event of watching) {
          if (event.type === 'put') watched.set(event.key, Number(event.value))
          if (event.type === 'delete') watched.delete(event.key)
          if (event.type === 'put' && event.key === LAST) break
        }
        expect(sorted(watched)).toEqual(sorted(model))
      }),
      { numRuns: RUNS },
    )
  })
})
