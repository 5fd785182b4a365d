import { type Client, connect } from '@onitu/escalator'
import {
  createEventPublisher,
  createRequester,
  createResponder,
  type EventPublisher,
  type Requester,
  type Running,
} from '@onitu/escalator/messaging'
import { ipcAddress, isOnituError, keys, parseRecord } from '@onitu/protocol'
import type { MajordomoConfiguration } from './configuration.ts'
import { type MajordomoRequest, majordomoRequestSchema } from './control/index.ts'
import { readAuthorizedKeys, readSecretKey, watchAuthorizedKeys } from './keys/index.ts'
import { Majordomo } from './relay/majordomo.ts'
import type { RemoteRequest } from './setup/remote-record.ts'

const LEVELS = { info: 30, warn: 40 } as const
/** ms. The launcher may have the Referee judge everything anew under a setup with one service more. */
const SET_UP_TIMEOUT = 300_000

/** Majordomo with its connections to the rest of the hub. */
export async function serveMajordomo(configuration: MajordomoConfiguration, signal: AbortSignal): Promise<Running> {
  const { escalator, runtime, bus } = configuration
  const closers: (() => Promise<void> | void)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const events = createEventPublisher({ address: bus, process: 'majordomo' })
    closers.push(() => events.close())
    const database = await connect({ address: escalator, signal })
    closers.push(() => database.close())
    const launcher = createRequester({ address: ipcAddress(runtime, 'control') })
    closers.push(() => launcher.close())
    const majordomo = await startMajordomo(configuration, launcher, events)
    closers.push(() => majordomo.close())
    closers.push(await followKeys(configuration, majordomo, events))
    await registerPorts(database, majordomo)
    return { close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startMajordomo(
  { runtime, requests, handlers, secretKeyFile, authorizedKeysFile, heartbeat, limits }: MajordomoConfiguration,
  launcher: Requester,
  events: EventPublisher,
): Promise<Majordomo> {
  const { secretKey } = await readSecretKey(secretKeyFile)
  return Majordomo.start({
    runtime,
    requests,
    handlers,
    secretKey,
    keys: await readAuthorizedKeys(authorizedKeysFile),
    heartbeat,
    limits,
    log: (level, message) => log(events, LEVELS[level], message),
    async setUp(service, record) {
      const request: RemoteRequest = { type: 'remote', service, record }
      await launcher.request(request, { timeout: SET_UP_TIMEOUT })
    },
  })
}

/** Has Majordomo go by the list of keys as it is now, at once. Gives what ends it. */
async function followKeys(
  { runtime, authorizedKeysFile }: MajordomoConfiguration,
  majordomo: Majordomo,
  events: EventPublisher,
): Promise<() => Promise<void>> {
  const read = async () => {
    try {
      majordomo.setKeys(await readAuthorizedKeys(authorizedKeysFile))
    } catch (error) {
      // A list that is not understood allows nobody: a key in it may be one that was just revoked.
      majordomo.setKeys([])
      log(events, LEVELS.warn, isOnituError(error) ? error.message : String(error))
    }
  }
  const unwatch = watchAuthorizedKeys(authorizedKeysFile, () => void read())
  const answer = async (request: MajordomoRequest): Promise<unknown> => {
    if (request.type === 'status') return majordomo.status()
    await read()
    return null
  }
  const responder = await createResponder({
    address: ipcAddress(runtime, 'majordomo-control'),
    handle: (body) => answer(parseRecord(majordomoRequestSchema, body, 'The request')),
  })
  return async () => {
    unwatch()
    await responder.close()
  }
}

async function registerPorts(database: Client, { requests, handlers }: Majordomo): Promise<void> {
  await database.batch([
    { type: 'put', key: keys.port('majordomo:requests'), value: requests },
    { type: 'put', key: keys.port('majordomo:handlers'), value: handlers },
  ])
}

function log(events: EventPublisher, level: number, message: string): void {
  events.publish({ type: 'log', process: 'majordomo', level, message })
}
