import { HubLink, type HubSession } from '@onitu/majordomo/hub'
import type { DriverPlug } from '@onitu/plug'
import { ClientSession } from './client-session.ts'
import { RemoteHandlers } from './remote-handlers.ts'

export interface RemoteOptions {
  /** Directory of the session's sockets. */
  readonly runtime: string
  /** Has the Plug take reports of a folder of which it is not known yet whether it can be reached. Default: it is called available. */
  readonly undecided?: (folder: string) => void
  /** The client may want chunks of another size than the one before. */
  readonly agreeOnChunks?: () => Promise<void>
}

export interface Remote {
  /** Resolves when a client can be let in. Until one is there the folders cannot be reached. */
  start(): Promise<void>
  /** Resolves when a client is there and serves. */
  connected(): Promise<void>
  /** May be called twice. */
  close(): Promise<void>
}

const AWAY = 'The client of the service is not connected'

/** Registers the handlers of a service that is on another machine, and answers the client that hosts it. */
export function createRemote(plug: DriverPlug, options: RemoteOptions): Remote {
  const known = new Set([...plug.folders.values()].filter((folder) => folder.known).map(({ name }) => name))
  const handlers = new RemoteHandlers(plug)
  let link: HubLink | undefined
  // What is said of the folders is said in order, whatever comes and goes meanwhile.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (task: () => Promise<void>) => {
    turn = turn.then(task).catch((error: unknown) => plug.logger.warn({ err: error }, 'A remote service'))
  }
  const leave = async () => {
    for (const folder of plug.folders.keys()) await plug.setAvailable(folder, false, AWAY)
  }
  const opened = (session: HubSession) => {
    const client = new ClientSession({ plug, session, handlers, known, ...options })
    session.serve((call) => client.answer(call))
    handlers.use(client)
    inTurn(async () => client.begin())
    session.onEnd(() => {
      handlers.leave(client)
      inTurn(async () => {
        await client.end()
        await leave()
      })
    })
  }
  plug.handler('close', () => close())
  const close = async () => {
    await link?.close()
    await turn
  }
  return {
    async start() {
      await leave()
      link = new HubLink({ runtime: options.runtime, service: plug.name, opened })
    },
    connected: () => handlers.serving(),
    close,
  }
}
