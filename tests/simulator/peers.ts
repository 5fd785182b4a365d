import { isOnituError } from '@onitu/protocol'
import { ServiceError } from '../../packages/plug/src/errors.ts'
import type { Wanted } from '../../packages/plug/src/transfer/messages.ts'
import type { Peers } from '../../packages/plug/src/transfer/source.ts'
import type { FaultKind } from './fault-kinds.ts'
import type { PlugProcess } from './plug-process.ts'
import type { World } from './world.ts'

const TIMEOUT = 20_000

/** Requests for content between the processes of one simulation: they are lost, late, or damaged on the way. */
export class SimulatedPeers implements Peers {
  readonly #world: World
  readonly #owner: PlugProcess

  constructor(world: World, owner: PlugProcess) {
    this.#world = world
    this.#owner = owner
  }

  active(): number {
    return 0
  }

  file(service: string, wanted: Wanted): Promise<Uint8Array> {
    return this.#ask(service, `${wanted.fid.slice(0, 8)}`, (process) => process.core?.provider.file(wanted))
  }

  chunk(service: string, wanted: Wanted, offset: number, size: number): Promise<Uint8Array> {
    return this.#ask(service, `${wanted.fid.slice(0, 8)} at ${offset}`, (process) =>
      process.core?.provider.chunk(wanted, offset, size),
    )
  }

  async close(): Promise<void> {}

  #ask(
    service: string,
    what: string,
    read: (process: PlugProcess) => Promise<Uint8Array> | undefined,
  ): Promise<Uint8Array> {
    const { scheduler } = this.#world
    const label = `${this.#owner.name} asks ${service} for ${what}`
    return new Promise((resolve, reject) => {
      const cancel = scheduler.after(this.#owner, TIMEOUT, () =>
        reject(new ServiceError('REQUEST_TIMEOUT', `${service} did not answer`)),
      )
      const answer = (act: () => void) =>
        scheduler.post(this.#owner, `${label}, and is answered`, () => {
          cancel()
          act()
        })
      scheduler.post(this.#owner, label, () => {
        const process = this.#world.processes.get(service)
        if (process?.alive !== true || !process.isListening || this.#chance('a request for content is lost')) return
        read(process)?.then(
          (content) =>
            answer(() => resolve(this.#chance('a content is damaged on the way') ? damaged(content) : content)),
          (error: unknown) => {
            if (isOnituError(error)) answer(() => reject(error))
            else this.#world.fail(error)
          },
        )
      })
    })
  }

  #chance(kind: FaultKind): boolean {
    const { faults, scheduler } = this.#world
    const happens = faults.bus > 0 && scheduler.random.chance(faults.bus)
    if (happens) scheduler.count(kind)
    return happens
  }
}

function damaged(content: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(content)
  if (copy.byteLength > 0) copy[0] = (copy[0] ?? 0) ^ 1
  return copy
}
