import { createRequester } from '@onitu/escalator/messaging'

/** Asks the Plug of a service at its address; `timeout` in ms. */
export async function askPlug(address: string, body: unknown, timeout: number, signal: AbortSignal): Promise<unknown> {
  const requester = createRequester({ address })
  try {
    return (await requester.request(body, { signal, timeout })).body
  } finally {
    await requester.close()
  }
}
