import { createRequester } from '@onitu/escalator/messaging'
import { type MajordomoRequest, type MajordomoStatus, majordomoStatusSchema } from '@onitu/majordomo/control'
import { ipcAddress, parseRecord } from '@onitu/protocol'

/** ms: it only looks at its own memory and at one small file. */
const TIMEOUT = 2_000

/** @throws OnituError also when Majordomo does not answer in time */
export async function askMajordomoStatus(runtime: string): Promise<MajordomoStatus> {
  return parseRecord(majordomoStatusSchema, await ask(runtime, { type: 'status' }), 'The status of Majordomo')
}

/** Resolves when Majordomo goes by the list of keys as it is now. @throws OnituError also when it does not answer in time */
export async function tellMajordomoOfKeys(runtime: string): Promise<void> {
  await ask(runtime, { type: 'keys' })
}

async function ask(runtime: string, request: MajordomoRequest): Promise<unknown> {
  const requester = createRequester({ address: ipcAddress(runtime, 'majordomo-control') })
  try {
    return (await requester.request(request, { timeout: TIMEOUT })).body
  } finally {
    await requester.close()
  }
}
