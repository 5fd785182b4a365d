import { isOnituError } from '@onitu/protocol'
import { createReferee } from '../../packages/referee/src/referee.ts'
import { type DecisionLoop, runDecisions } from '../../packages/referee/src/run-decisions.ts'
import { SimulatedDatabase } from './database.ts'
import type { Owner } from './scheduler.ts'
import type { World } from './world.ts'

/** The process of the Referee, from its start until it is killed. */
export class RefereeProcess implements Owner {
  readonly name = 'referee'
  alive = true
  readonly db: SimulatedDatabase
  readonly #world: World
  #loop: DecisionLoop | undefined

  constructor(world: World) {
    this.#world = world
    this.db = new SimulatedDatabase(world.scheduler, this, world.store, world.seams)
  }

  async start(): Promise<void> {
    const { scheduler } = this.#world
    const referee = await createReferee({
      db: this.db.database,
      publish: (service, fids) => {
        for (const fid of fids) this.#world.wakePlug(service, fid)
      },
      emit: () => undefined,
      now: () => scheduler.now(),
    })
    await referee.prepare()
    this.#loop = runDecisions(referee, {
      after: (ms, callback) => scheduler.after(this, ms, callback),
      failed: (service, error) => scheduler.note(`referee could not decide on ${service}: ${error.code}`),
    })
    this.#loop.finished.catch((error: unknown) => {
      if (isOnituError(error)) this.#world.died(this)
      else this.#world.fail(error)
    })
  }

  wake(service: string): void {
    this.#loop?.wake(service)
  }
}
