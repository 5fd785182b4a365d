import { createPublisher, createPuller, decodeEvents, type Publisher, type Puller } from '@onitu/escalator/messaging'
import { encode, ipcAddress, type NewEvent, type OnituEvent } from '@onitu/protocol'

/** Gets what came in one message, in order: many at a time while much happens. */
export type EventListener = (events: readonly OnituEvent[]) => void

/** Takes the events of all processes, hands them to listeners in the launcher and to whoever subscribes. */
export interface Bus {
  publish(event: NewEvent): void
  /** Gives the function that ends it. Listeners do not throw. */
  listen(listener: EventListener): () => void
  /** May be called twice. */
  close(): Promise<void>
}

export async function createBus(runtime: string): Promise<Bus> {
  const publisher = await createPublisher({ address: ipcAddress(runtime, 'bus') })
  try {
    const puller = await createPuller({ address: ipcAddress(runtime, 'bus-in') })
    return new SessionBus(publisher, puller)
  } catch (error) {
    await publisher.close()
    throw error
  }
}

const WARN = 40

class SessionBus implements Bus {
  readonly #publisher: Publisher
  readonly #puller: Puller
  readonly #listeners = new Set<EventListener>()
  readonly #reading: Promise<void>
  #closed = false

  constructor(publisher: Publisher, puller: Puller) {
    this.#publisher = publisher
    this.#puller = puller
    this.#reading = this.#read()
  }

  publish(event: NewEvent): void {
    if (this.#closed) return
    const timed = { ...event, time: Date.now() } as OnituEvent
    this.#publisher.publish([encode([timed])])
    this.#hand([timed])
  }

  listen(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      await this.#puller.close()
      await this.#publisher.close()
    }
    await this.#reading
  }

  async #read(): Promise<void> {
    for await (const [frame] of this.#puller) {
      if (frame === undefined || this.#closed) continue
      try {
        const events = decodeEvents(frame)
        this.#publisher.publish([frame])
        this.#hand(events)
      } catch (error) {
        this.publish({
          type: 'log',
          process: 'launcher',
          level: WARN,
          message: `Unreadable events on the bus: ${String(error)}`,
        })
      }
    }
  }

  #hand(events: readonly OnituEvent[]): void {
    for (const listener of this.#listeners) listener(events)
  }
}
