import { publicKeyOf } from '@onitu/escalator/messaging'
import { type Driver, isDriver, type Manifest, type OptionValue, type RunningDriver } from '@onitu/plug'
import { isOnituError, OnituError } from '@onitu/protocol'
import type { ClientSetup } from '../setup/client-setup.ts'
import { backoff } from './backoff.ts'
import { ClientLink } from './client-link.ts'
import { HandlerCalls } from './handler-calls.ts'
import { HostedBackend } from './hosted-backend.ts'
import { pause } from './pause.ts'

export interface RemoteOptions {
  readonly server: {
    /** tcp addresses of the two ports: `tcp://hub.example:20001`, `tcp://hub.example:20003`. */
    readonly requests: string
    readonly handlers: string
    /** Z85. A server with another one is not talked with. */
    readonly publicKey: string
  }
  /** Z85, of this client. */
  readonly secretKey: string
  /** File URL of the driver's module. */
  readonly driver: string
  /** For the driver, checked. Also `velocity` and `chunk_size`. */
  readonly options: Readonly<Record<string, OptionValue>>
  /** By name. The path as the driver takes it; options as in the setup of a service (mode, filters, history). */
  readonly folders: ReadonlyMap<string, { readonly path: string; readonly options: Readonly<Record<string, unknown>> }>
  /** As in the setup; they are only about this service. */
  readonly rules?: readonly unknown[]
  readonly debug?: boolean
  /** Aborted: ends gently. */
  readonly signal: AbortSignal
  readonly onEvent?: (event: RemoteEvent) => void
}

export type RemoteEvent =
  | { readonly type: 'connecting'; readonly address: string }
  /** The driver serves. */
  | { readonly type: 'connected'; readonly service: string }
  | {
      readonly type: 'disconnected'
      readonly code: string
      readonly reason: string /** ms */
      readonly retryIn: number
    }
  /** A line of the driver's log. `level` as pino's. */
  | { readonly type: 'log'; readonly level: number; readonly message: string }

/** ms after which a connection counts as a good one, and the next failure as the first. */
const GOOD = 30_000
/** ms that a driver may take to close: longer than any of its calls. */
const CLOSING_PATIENCE = 120_000

/**
 * Hosts a driver as a service of a hub on another machine. Makes a new connection, with the driver started anew, whenever the
 * former was lost. Resolves once the signal is aborted and the driver is closed.
 * @throws OnituError when trying again is of no use: `REPLACED`, `REVOKED`, `FOLDER_NOT_GRANTED`, `NOT_A_DRIVER`…
 */
export async function runRemote(options: RemoteOptions): Promise<void> {
  const { signal, onEvent } = options
  const driver = await loadDriver(options.driver)
  for (let failures = 0; !signal.aborted; ) {
    onEvent?.({ type: 'connecting', address: options.server.requests })
    const began = performance.now()
    const error = await runOnce(driver, options)
    if (signal.aborted) return
    if (!error.retryable) throw error
    failures = performance.now() - began > GOOD ? 1 : failures + 1
    const retryIn = backoff(failures, Math.random())
    onEvent?.({ type: 'disconnected', code: error.code, reason: error.message, retryIn })
    await pause(retryIn, signal)
  }
}

/** One connection, and one run of the driver. Gives why it is over. */
async function runOnce(driver: Driver, options: RemoteOptions): Promise<OnituError> {
  const calls = new HandlerCalls(driver.manifest.capabilities)
  const link = openLink(driver.manifest, options, calls)
  const stop = () => stopping.resolve(new OnituError('CLOSED', 'The client is stopping', { retryable: true }))
  const stopping = withResolve<OnituError>()
  options.signal.addEventListener('abort', stop)
  let running: RunningDriver | undefined
  try {
    const early = await Promise.race([link.open().then(() => undefined), stopping.promise])
    if (early !== undefined) return early
    running = await driver.run({ host: hostOf(link, calls, options) })
    options.onEvent?.({ type: 'connected', service: link.service })
    return await Promise.race([link.ended, ended(running), stopping.promise])
  } catch (error) {
    return asFailure(error)
  } finally {
    options.signal.removeEventListener('abort', stop)
    await closeDriver(running)
    link.close()
  }
}

function openLink(manifest: Manifest, options: RemoteOptions, calls: HandlerCalls): ClientLink {
  const { server, secretKey } = options
  return new ClientLink({
    requests: server.requests,
    handlers: server.handlers,
    curve: { serverKey: server.publicKey, secretKey, publicKey: publicKeyOf(secretKey) },
    setup: setupOf(manifest, options),
    handle: (call) => calls.answer(call),
  })
}

function hostOf(link: ClientLink, calls: HandlerCalls, { folders, options, debug, onEvent }: RemoteOptions) {
  const paths = new Map([...folders].map(([name, { path }]) => [name, path]))
  const log = (level: number, message: string) => onEvent?.({ type: 'log', level, message })
  return {
    open: (manifest: Manifest, handlers: Parameters<typeof HostedBackend.open>[1]) =>
      HostedBackend.open(manifest, handlers, { link, calls, paths, options, log, debug: debug ?? false }),
  }
}

/** What the hub is told: never the options of the driver, which may be secrets. */
function setupOf(manifest: Manifest, { options, folders, rules }: RemoteOptions): ClientSetup {
  const { name, description } = manifest
  const { history = false, hashAtEnd = false, parallelChunks = 1, ...capabilities } = manifest.capabilities
  const velocity = typeof options.velocity === 'number' ? options.velocity : manifest.velocity
  return {
    driver: { name, description, velocity, capabilities: { ...capabilities, history, hashAtEnd, parallelChunks } },
    folders: Object.fromEntries([...folders].map(([folder, written]) => [folder, { ...written }])),
    ...(rules === undefined ? {} : { rules: [...rules] }),
  }
}

async function loadDriver(url: string): Promise<Driver> {
  let module: { readonly default?: unknown }
  try {
    module = (await import(url)) as { readonly default?: unknown }
  } catch (cause) {
    throw new OnituError('DRIVER_NOT_LOADED', `Cannot load the driver ${url}: ${String(cause)}`, { cause })
  }
  if (isDriver(module.default)) return module.default
  throw new OnituError('NOT_A_DRIVER', `${url} is not a driver: its default export must be what defineDriver gives`)
}

function ended({ finished }: RunningDriver): Promise<OnituError> {
  return finished.then(
    () => new OnituError('DRIVER_ENDED', 'The driver ended by itself', { retryable: true }),
    (error: unknown) => asFailure(error),
  )
}

async function closeDriver(running: RunningDriver | undefined): Promise<void> {
  if (running === undefined) return
  const patience = new AbortController()
  const stuck = pause(CLOSING_PATIENCE, patience.signal).then(() => {
    if (patience.signal.aborted) return
    // Two runs of one driver at once would write into each other's files.
    throw new OnituError('DRIVER_STUCK', `The driver did not close within ${CLOSING_PATIENCE / 1000} s`)
  })
  try {
    await Promise.race([running.close(), stuck])
  } finally {
    patience.abort()
  }
}

/** What a driver throws when it starts may pass: its service may be out of reach. What is said to be the setup's fault will not. */
function asFailure(error: unknown): OnituError {
  if (!isOnituError(error)) {
    return new OnituError('DRIVER_FAILED', `The driver failed: ${String(error)}`, { cause: error, retryable: true })
  }
  if (error.retryable || error.details.configuration === true || FINAL_CODES.has(error.code)) return error
  const { code, message, details } = error
  return new OnituError(code, message, { cause: error, details, retryable: true })
}

/** What the hub says when it does not want this client as it is. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'REPLACED',
  'REVOKED',
  'VERSION',
  'INVALID_SETUP',
  'FOLDER_NOT_GRANTED',
  'MODE_NOT_GRANTED',
  'INVALID_MODE',
  'REMOTE_REFUSED',
])

function withResolve<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
