import { type Client, connect } from '@onitu/escalator'
import {
  createEventPublisher,
  createPublisher,
  createPuller,
  type EventPublisher,
  type Puller,
  type Running,
} from '@onitu/escalator/messaging'
import { ipcAddress, keys } from '@onitu/protocol'
import { createReferee, type Referee } from './referee.ts'
import { type DecisionLoop, runDecisions } from './run-decisions.ts'

export interface RefereeConfiguration {
  readonly escalator: string
  /** The session's runtime directory, for the sockets. */
  readonly runtime: string
  readonly bus: string
}

const WARN = 40

/** The Referee with its sockets: woken by Plugs, waking Plugs. */
export async function serveReferee(configuration: RefereeConfiguration, signal: AbortSignal): Promise<Running> {
  const { escalator, runtime, bus } = configuration
  const closers: (() => Promise<void>)[] = []
  const closeAll = async () => {
    for (const close of closers.reverse()) await close()
  }
  try {
    const events = createEventPublisher({ address: bus, process: 'referee' })
    closers.push(() => events.close())
    const db = await connect({ address: escalator, signal })
    closers.push(() => db.close())
    const publisher = await createPublisher({ address: ipcAddress(runtime, 'referee-events') })
    closers.push(() => publisher.close())
    const wakes = await createPuller({ address: ipcAddress(runtime, 'referee-wake') })
    closers.push(() => wakes.close())
    const referee = await createReferee({
      db,
      publish: (service, fids) => publisher.publish([`${service}:`, service, ...fids]),
      emit: (event) => events.publish(event),
      now: () => Date.now(),
    })
    await referee.prepare()
    await registerPorts(db, publisher.address, wakes.address)
    const work = startWork(referee, wakes, events)
    closers.push(work.stop)
    events.publish({ type: 'referee_started' })
    return { close: closeAll, finished: work.finished }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function registerPorts(db: Client, events: string, wake: string): Promise<void> {
  await db.batch([
    { type: 'put', key: keys.port('events:referee'), value: events },
    { type: 'put', key: keys.port('wake:referee'), value: wake },
  ])
}

function startWork(
  referee: Referee,
  wakes: Puller,
  events: EventPublisher,
): { finished: Promise<void>; stop: () => Promise<void> } {
  const loop = runDecisions(referee, {
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms).unref()
      return () => clearTimeout(timer)
    },
    failed: (what, error) => {
      const subject = what === keys.requestPrefix ? 'What was asked for' : `The outbox of ${what}`
      const message = `${subject} could not be decided, it is tried again: ${error.message}`
      events.publish({ type: 'log', process: 'referee', level: WARN, message, detail: error.code })
    },
  })
  const finished = Promise.all([receive(wakes, loop), loop.finished]).then(() => undefined)
  const stop = async () => {
    loop.stop()
    await wakes.close()
    await finished
  }
  return { finished, stop }
}

async function receive(wakes: Puller, loop: DecisionLoop): Promise<void> {
  for await (const [frame] of wakes) {
    if (frame !== undefined) loop.wake(Buffer.from(frame).toString())
  }
}
