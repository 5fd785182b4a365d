import { expect } from 'vitest'
import type { Case } from './case.ts'
import type { DriverDefinition } from './definition.ts'
import { Bench, CaseDatabase } from './service/bench.ts'

/** Runs one case on a place of its own. What is true of every case is checked here: nothing outside was touched, no secret was told. */
export async function runCase(definition: DriverDefinition, { run }: Case): Promise<void> {
  const database = definition.database === true ? await CaseDatabase.start() : undefined
  try {
    const place = await definition.place(database?.client)
    try {
      const outside = await place.outside?.()
      const bench = new Bench(definition, place, database?.client)
      try {
        await run(bench)
      } finally {
        await bench.close()
      }
      expect(await place.outside?.(), 'what is beside the folder').toEqual(outside)
      for (const secret of place.secrets ?? []) {
        const told = bench.said.filter((text) => text.includes(secret))
        expect(told, 'a secret was told').toEqual([])
      }
    } finally {
      await place.remove()
    }
  } finally {
    await database?.close()
  }
}
