import { describe, expect, it } from 'vitest'
import type { Client } from '../src/client/connect.ts'
import { client, forkServer, temporaryDirectory, until } from './support.ts'

const KILLS = 100
const WRITES_BETWEEN = 25
const WRITERS = 4

/** What must be so in the end. What is in neither was asked for by a write whose outcome is unknown. */
interface Ledger {
  readonly present: Set<string>
  readonly absent: Set<string>
  /** Keys that one batch wrote: all of them are there, or none. */
  readonly together: (readonly [string, string])[]
  acknowledged: number
  unknown: number
}

/** Every key is written once, so that no later write hides the loss of an earlier one. */
async function keepWriting(database: Client, name: string, ledger: Ledger, writing: () => boolean): Promise<void> {
  for (let i = 0; writing(); i++) {
    const key = `${name}:${i}`
    const sync = i % 2 === 0
    const pair = [`${key}:left`, `${key}:right`] as const
    try {
      await database.put(key, i, { sync })
      ledger.present.add(key)
      ledger.acknowledged++
      ledger.together.push(pair)
      await database.batch(pair.map((half) => ({ type: 'put', key: half, value: i })))
      for (const half of pair) ledger.present.add(half)
      ledger.acknowledged++
      ledger.present.delete(key)
      await database.delete(key, { sync })
      ledger.absent.add(key)
      ledger.acknowledged++
    } catch (error) {
      expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: true })
      ledger.unknown++
    }
  }
}

describe('a server that is killed under load', () => {
  it(`${KILLS} times loses no acknowledged write, tears no batch, and its clients go on`, {
    timeout: 240_000,
  }, async () => {
    const directory = await temporaryDirectory()
    const configuration = { type: 'start', address: `ipc://${directory}/socket`, directory: `${directory}/data` }
    let server = await forkServer(configuration)
    const database = await client(configuration.address, { timeout: 60_000 })
    const ledger: Ledger = { present: new Set(), absent: new Set(), together: [], acknowledged: 0, unknown: 0 }
    let writing = true
    const names = Array.from({ length: WRITERS }, (_, index) => `writer${index}`)
    const work = Promise.all(names.map((name) => keepWriting(database, name, ledger, () => writing)))
    for (let kill = 0; kill < KILLS; kill++) {
      const goal = ledger.acknowledged + WRITES_BETWEEN
      await until(() => ledger.acknowledged >= goal, 'writes are acknowledged')
      server.child.kill('SIGKILL')
      await server.exited
      server = await forkServer(configuration)
      expect(server.answer).toEqual({ type: 'ready' })
    }
    writing = false
    await work

    const stored = new Set(await database.keys().all())
    const lost = [...ledger.present].filter((key) => !stored.has(key))
    const back = [...ledger.absent].filter((key) => stored.has(key))
    const torn = ledger.together.filter(([left, right]) => stored.has(left) !== stored.has(right))
    expect({ lost, back, torn }).toEqual({ lost: [], back: [], torn: [] })
    expect(ledger.acknowledged).toBeGreaterThanOrEqual(KILLS * WRITES_BETWEEN)
    // At most one write of each writer was on its way when the server was killed.
    expect(ledger.unknown).toBeLessThanOrEqual(KILLS * WRITERS)
  })
})
