import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Client } from '../src/client/connect.ts'
import type { Condition, Database, Operation, RangeOptions } from '../src/database.ts'
import { client as connectTo, serve } from './support.ts'

const RUNS = 150
const COMMANDS = 40

type Model = Map<string, unknown>
type Command = fc.AsyncCommand<Model, Database>

// Few keys, so that they are met again; some beyond the basic plane, where UTF-16 and UTF-8 order differently.
const key = fc.constantFrom('', 'a', 'aa', 'ab', 'b', 'b:1', 'b:2', 'é', '￿', '\u{10000}', '\u{10ffff}')
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.record({ size: fc.nat(), name: fc.string() }),
)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value }),
  fc.record({ type: fc.constant('delete' as const), key }),
)
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ key, absent: fc.constant(true as const) }),
  fc.record({ key, equals: value }),
)
const rangeOptions: fc.Arbitrary<RangeOptions> = fc.record(
  {
    prefix: key,
    start: key,
    stop: key,
    includeStart: fc.boolean(),
    includeStop: fc.boolean(),
    reverse: fc.boolean(),
    limit: fc.nat(12),
  },
  { requiredKeys: [] },
)

function command(name: string, run: (model: Model, database: Database) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name }
}

const commands: fc.Arbitrary<Command>[] = [
  fc.tuple(key, value, fc.boolean()).map(([k, v, sync]) =>
    command(`put(${k}, ${JSON.stringify(v)})`, async (model, database) => {
      await database.put(k, v, { sync })
      model.set(k, v)
    }),
  ),
  key.map((k) =>
    command(`delete(${k})`, async (model, database) => {
      await database.delete(k)
      model.delete(k)
    }),
  ),
  key.map((k) =>
    command(`get(${k})`, async (model, database) => {
      expect(await database.get(k, { default: undefined })).toEqual(model.get(k))
      expect(await database.exists(k)).toBe(model.has(k))
    }),
  ),
  fc.array(key, { maxLength: 5 }).map((keys) =>
    command(`getMany(${keys.join()})`, async (model, database) => {
      expect(await database.getMany(keys)).toEqual(keys.map((k) => model.get(k)))
    }),
  ),
  fc
    .tuple(fc.array(operation, { maxLength: 5 }), fc.array(condition, { maxLength: 2 }))
    .map(([operations, conditions]) =>
      command(`batch(${JSON.stringify({ operations, conditions })})`, async (model, database) => {
        const failed = conditions.findIndex((each) => !holds(model, each))
        try {
          await database.batch(operations, { conditions })
          expect(failed).toBe(-1)
          for (const each of operations) apply(model, each)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONDITION_FAILED', details: { index: failed } })
        }
      }),
    ),
  rangeOptions.map((options) =>
    command(`range(${JSON.stringify(options)})`, async (model, database) => {
      const expected = select(model, options)
      expect(await database.range(options).all()).toEqual(expected)
      expect(await database.keys(options).all()).toEqual(expected.map(([k]) => k))
      expect(await database.values(options).all()).toEqual(expected.map(([, v]) => v))
    }),
  ),
  fc.tuple(key, key, value).map(([prefix, k, v]) =>
    command(`prefixed(${prefix}).put(${k})`, async (model, database) => {
      const part = database.prefixed(prefix)
      await part.put(k, v)
      model.set(prefix + k, v)
      expect(await part.get(k)).toEqual(v)
      const expected = select(model, { prefix }).map(([whole, each]) => [whole.slice(prefix.length), each])
      expect(await part.range().all()).toEqual(expected)
    }),
  ),
]

function holds(model: Model, expected: Condition): boolean {
  if ('absent' in expected) return !model.has(expected.key)
  return model.has(expected.key) && JSON.stringify(model.get(expected.key)) === JSON.stringify(expected.equals)
}

function apply(model: Model, each: Operation): void {
  if (each.type === 'put') model.set(each.key, each.value)
  else model.delete(each.key)
}

/** What a range has to give, the plain way. */
function select(model: Model, options: RangeOptions): [string, unknown][] {
  const { prefix = '', start, stop, includeStart = true, includeStop = false, reverse = false, limit } = options
  const inside = [...model].filter(([k]) => {
    if (!k.startsWith(prefix)) return false
    if (start !== undefined && (includeStart ? compare(k, start) < 0 : compare(k, start) <= 0)) return false
    return stop === undefined || (includeStop ? compare(k, stop) <= 0 : compare(k, stop) < 0)
  })
  inside.sort(([left], [right]) => compare(left, right))
  if (reverse) inside.reverse()
  return inside.slice(0, limit)
}

function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

describe('a client', () => {
  it('behaves like a sorted map', { timeout: 120_000 }, async () => {
    const server = await serve()
    const client: Client = await connectTo(server.address)
    let number = 0
    const property = fc.asyncProperty(
      fc.commands(commands, { maxCommands: COMMANDS, size: 'max' }),
      async (program) => {
        const real = client.prefixed(`run ${number++}:`)
        await fc.asyncModelRun(() => ({ model: new Map<string, unknown>(), real }), program)
      },
    )
    await fc.assert(property, { numRuns: RUNS })
  })
})
