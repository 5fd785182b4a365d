import { isOnituError } from '@onitu/protocol'
import { AbstractSnapshot } from 'abstract-level'
import type { Channel } from '../client/channel.ts'

/** A snapshot on the server. Taking it is not waited for: requests take effect in the order in which they are made. */
export class LevelSnapshot extends AbstractSnapshot {
  readonly number: number
  #channel: Channel
  #taken: Promise<void>

  constructor(options: object, channel: Channel, database: string) {
    // The types of abstract-level hide the constructor, which takes the owner.
    super(...([options] as unknown as []))
    this.#channel = channel
    this.number = channel.newNumber()
    this.#taken = settled(channel.read(['snapshot', database, this.number]))
  }

  async _close(): Promise<void> {
    await this.#taken
    await this.#channel.end(['endSnapshot', this.number])
  }
}

/** A snapshot that could not be taken says so to everybody who reads from it. */
async function settled(answer: Promise<unknown>): Promise<void> {
  try {
    await answer
  } catch (error) {
    if (!isOnituError(error)) throw error
  }
}
