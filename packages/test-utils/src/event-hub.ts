import type { EventOf, EventType, OnituEvent } from '@onitu/protocol'
import { type EventMethodName, eventMethodName, eventTypes } from './event-types.ts'
import { scaled } from './time-unit.ts'
import { TimeoutError } from './timeout-error.ts'

/** Fields that an event must have; those that are not named may be anything. */
export type EventFilter<T extends EventType> = Partial<Omit<EventOf<T>, 'type'>>
export type EventHandler<T extends EventType> = (event: EventOf<T>) => void

export interface EventOptions {
  /** The handler is dropped after its first call. Default true. */
  readonly unique?: boolean
}

/** `onTransferEnded(handler, fields, { unique })` and so on for every event. */
export type EventMethods = {
  readonly [T in EventType as EventMethodName<T>]: (
    handler: EventHandler<T>,
    fields?: EventFilter<T>,
    options?: EventOptions,
  ) => void
}

interface Registration {
  readonly type: EventType
  readonly fields: Readonly<Record<string, unknown>>
  readonly handler: (event: OnituEvent) => void
  /** What the caller handed over, to find it again. */
  readonly original: unknown
  readonly unique: boolean
}

/** Calls handlers for events that match. */
export class EventHub {
  #registrations: Registration[] = []

  on<T extends EventType>(
    type: T,
    handler: EventHandler<T>,
    fields: EventFilter<T> = {},
    { unique = true }: EventOptions = {},
  ): void {
    const guarded = (event: OnituEvent) => {
      if (isOfType(event, type)) handler(event)
    }
    this.#registrations.push({ type, fields, handler: guarded, original: handler, unique })
  }

  /** The next event that matches. @throws TimeoutError after `timeout` ms (default 10,000). */
  next<T extends EventType>(type: T, fields: EventFilter<T> = {}, timeout = 10_000): Promise<EventOf<T>> {
    const limit = scaled(timeout)
    // The trace of the caller: the timer has none that would help.
    const error = new TimeoutError(`no ${type} ${JSON.stringify(fields)}`, limit)
    return new Promise((resolve, reject) => {
      const handler = (event: EventOf<T>) => {
        clearTimeout(timer)
        resolve(event)
      }
      const timer = setTimeout(() => {
        this.unsetEvent(type, handler)
        reject(error)
      }, limit)
      this.on(type, handler, fields)
    })
  }

  /** Drops the handlers of a type, or only the one given. */
  unsetEvent<T extends EventType>(type: T, handler?: EventHandler<T>): void {
    this.#registrations = this.#registrations.filter(
      (registration) => registration.type !== type || (handler !== undefined && registration.original !== handler),
    )
  }

  unsetAllEvents(): void {
    this.#registrations = []
  }

  protected dispatch(event: OnituEvent): void {
    const fields = new Map<string, unknown>(Object.entries(event))
    const matching = this.#registrations.filter(
      ({ type, fields: wanted }) =>
        type === event.type && Object.entries(wanted).every(([name, value]) => fields.get(name) === value),
    )
    const used = new Set(matching.filter(({ unique }) => unique))
    if (used.size > 0) this.#registrations = this.#registrations.filter((each) => !used.has(each))
    for (const { handler } of matching) handler(event)
  }
}

function isOfType<T extends EventType>(event: OnituEvent, type: T): event is OnituEvent & EventOf<T> {
  return event.type === type
}

for (const type of eventTypes) {
  Object.defineProperty(EventHub.prototype, eventMethodName(type), {
    value(this: EventHub, handler: EventHandler<typeof type>, fields?: object, options?: EventOptions) {
      this.on(type, handler, fields, options)
    },
  })
}

/** EventHub with its typed methods, to be extended. TypeScript cannot see what is defined in a loop. */
export const TypedEventHub = EventHub as new () => EventHub & EventMethods
