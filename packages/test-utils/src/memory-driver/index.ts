import { createPuller, createResponder, type Puller } from '@onitu/escalator/messaging'
import { type DriverPlug, defineDriver, Plug } from '@onitu/plug'
import { decode } from '@onitu/protocol'
import { manifest } from './manifest.ts'
import { createMemoryService, type MemoryService } from './memory-service.ts'
import { MemoryStore } from './memory-store.ts'
import { parseMemoryCommand } from './messages.ts'
import { registerHandlers } from './register-handlers.ts'

const plug = new Plug()

export default defineDriver({
  manifest,
  plug,
  async start() {
    const store = new MemoryStore(plug.serviceDb)
    await store.load()
    const service = createMemoryService(plug, store)
    registerHandlers(plug, store)
    await serve(plug, service)
  },
})

async function serve(plug: DriverPlug, service: MemoryService): Promise<void> {
  const responder = await createResponder({
    address: String(plug.options.requests),
    handle: (body) => service.execute(parseMemoryCommand(body)),
  })
  const puller = await createPuller({ address: String(plug.options.notifications) })
  plug.handler('catchUp', () => service.reported())
  plug.handler('close', async () => {
    await Promise.all([responder.close(), puller.close()])
  })
  const listening = plug.listen()
  await service.reportDifferences()
  await Promise.all([listening, takeNotifications(plug, service, puller)])
}

/** In the order in which they were sent; one that cannot be carried out is reported and does not stop the others. */
async function takeNotifications(plug: DriverPlug, service: MemoryService, puller: Puller): Promise<void> {
  for await (const [frame] of puller) {
    try {
      await service.execute(parseMemoryCommand(decode(frame ?? new Uint8Array())))
    } catch (error) {
      plug.logger.error({ err: error }, 'A notification to the memory driver failed')
    }
  }
}
