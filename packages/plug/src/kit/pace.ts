import type { DriverPlug, OptionDeclaration, OptionValue } from '../contract.ts'
import { ServiceError } from '../errors.ts'
import { Pacer } from './pacer.ts'

/** Options for the manifest of a driver that keeps to limits. */
export const paceOptions = {
  requests_per_second: {
    type: 'float',
    description: 'Most requests in a second; 0: no limit',
    default: 0,
    min: 0,
  },
  bandwidth_up: { type: 'size', description: 'Most bytes of contents sent in a second; 0: no limit', default: 0 },
  bandwidth_down: { type: 'size', description: 'Most bytes of contents fetched in a second; 0: no limit', default: 0 },
} as const satisfies Readonly<Record<string, OptionDeclaration>>

/** What may pass at once, as a part of what may pass in a second: so much is made up for that was lost to timers that were late. */
const BURST = 0.1

/** The limits that the setup gives a service. While something waits for them the Plug is told that the driver is at work. */
export class Pace {
  readonly #requests: Pacer | undefined
  readonly #up: Pacer | undefined
  readonly #down: Pacer | undefined
  /** Bytes in a second, in the direction with the lower limit. Infinite without one. */
  readonly bandwidth: number

  constructor(options: Readonly<Record<string, OptionValue>>, plug: Pick<DriverPlug, 'atWork'>) {
    const waiting = () => plug.atWork()
    const pacer = (name: keyof typeof paceOptions) => {
      const rate = Number(options[name] ?? 0)
      return rate > 0 ? new Pacer({ rate, burst: Math.max(1, rate * BURST), waiting }) : undefined
    }
    this.#requests = pacer('requests_per_second')
    this.#up = pacer('bandwidth_up')
    this.#down = pacer('bandwidth_down')
    const rates = ['bandwidth_up', 'bandwidth_down']
      .map((name) => Number(options[name] ?? 0))
      .filter((rate) => rate > 0)
    this.bandwidth = Math.min(Number.POSITIVE_INFINITY, ...rates)
  }

  /** Before each request. Undefined: at once, so that nothing else comes between. */
  request(signal?: AbortSignal): Promise<void> | undefined {
    return this.#requests?.take(1, signal)
  }

  /** Before bytes of a content are sent. */
  up(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    return this.#up?.take(bytes, signal)
  }

  /** Before bytes of a content are asked for, or taken. */
  down(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    return this.#down?.take(bytes, signal)
  }

  /**
   * Nothing waits any more. Contents fail: they would all go at once, without any limit, in what time the driver still has. Requests pass, for the end may need some.
   */
  close(): void {
    const reason = new ServiceError('CLOSED', 'The driver is closed')
    this.#requests?.close()
    for (const pacer of [this.#up, this.#down]) pacer?.close(reason)
  }
}
