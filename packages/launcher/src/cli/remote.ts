import { type RemoteEvent, runRemote } from '@onitu/majordomo/client'
import { formatRemoteEvent } from '../client/format-remote-event.ts'
import { readClientSetup } from '../client/read-client-setup.ts'
import { optimizeWhenBusy } from './optimize-when-busy.ts'

export interface RemoteOptions {
  readonly setupFile: string
  readonly debug: boolean
  /** Only say whether the setup can be used. */
  readonly check: boolean
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** `onitu remote`: until a signal. Everything runs in this one process: a second one to watch it would take as much memory again. */
export async function remote({ setupFile, debug, check }: RemoteOptions): Promise<void> {
  const { server, driver, ...setup } = await readClientSetup(setupFile)
  if (check) {
    const folders = [...setup.folders.keys()].join(', ')
    process.stdout.write(`${setupFile} is fine: driver ${driver.name}, folders ${folders}, hub ${server.requests}\n`)
    return
  }
  const { secretKey, options, folders, rules } = setup
  optimizeWhenBusy()
  const stopping = new AbortController()
  const unlisten = onSignals(() => stopping.abort())
  try {
    await runRemote({
      server,
      secretKey,
      driver: driver.url,
      options,
      folders,
      ...(rules === undefined ? {} : { rules }),
      debug,
      signal: stopping.signal,
      onEvent: (event) => print(event, debug),
    })
  } finally {
    unlisten()
  }
}

function print(event: RemoteEvent, debug: boolean): void {
  const line = formatRemoteEvent(event, Date.now(), debug)
  if (line !== undefined) process.stdout.write(`${line}\n`)
}

/** Also when whoever read our output is gone. Gives what ends it. */
function onSignals(stop: () => void): () => void {
  for (const signal of SIGNALS) process.on(signal, stop)
  process.stdout.on('error', stop)
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop)
    process.stdout.off('error', stop)
  }
}
