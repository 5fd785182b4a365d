import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSubscriber, decodeEvents, type Subscriber } from '@onitu/escalator/messaging'
import { ipcAddress, type OnituEvent, systemCode } from '@onitu/protocol'

/** The runtime directory of the session, once the process `pid` is the one that has it; undefined before. */
export async function findRuntimeDirectory(sessionDirectory: string, pid: number): Promise<string | undefined> {
  try {
    const written: unknown = JSON.parse(await readFile(join(sessionDirectory, 'session.json'), 'utf8'))
    if (typeof written !== 'object' || written === null) return undefined
    const fields = new Map<string, unknown>(Object.entries(written))
    const runtime = fields.get('runtime')
    return fields.get('pid') === pid && typeof runtime === 'string' ? runtime : undefined
  } catch (error) {
    // Not there yet, or being written: both are looked at again.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

export interface SessionBus {
  /** Resolves when the connection is up: what is published from then on is seen. */
  readonly connected: Promise<void>
  close(): Promise<void>
}

/** Hands every event of a session to `handle`, in order, until it is closed. */
export function followBus(runtimeDirectory: string, handle: (event: OnituEvent) => void): SessionBus {
  let subscriber: Subscriber | undefined
  const connected = new Promise<void>((resolve) => {
    subscriber = createSubscriber({ address: ipcAddress(runtimeDirectory, 'bus'), connected: resolve })
  })
  const reading = read(subscriber, handle)
  return {
    connected,
    async close() {
      await subscriber?.close()
      await reading
    },
  }
}

async function read(subscriber: Subscriber | undefined, handle: (event: OnituEvent) => void): Promise<void> {
  if (subscriber === undefined) return
  for await (const frames of subscriber) {
    for (const frame of frames) for (const event of decodeEvents(frame)) handle(event)
  }
}
