import type { DriverPlug } from '@onitu/plug'
import { type DriverDefinition, type Place, testDriver } from '../src/conformance/index.ts'
import { recordingLogger } from '../src/conformance/service/recording-logger.ts'
import { manifest } from '../src/memory-driver/manifest.ts'
import { createMemoryService, type MemoryPlug, type MemoryService } from '../src/memory-driver/memory-service.ts'
import { MemoryStore } from '../src/memory-driver/memory-store.ts'
import { registerHandlers } from '../src/memory-driver/register-handlers.ts'

const ROOT = 'root'
/** The one that runs: what is done to the store is told to it, as the memory driver tells it. */
let running: MemoryService | undefined

async function start(plug: DriverPlug) {
  const store = new MemoryStore(plug.serviceDb)
  await store.load()
  const service = createMemoryService(plug, store)
  registerHandlers(plug, store)
  plug.handler('catchUp', () => service.reported())
  await service.reportDifferences()
  running = service
  return {
    close: async () => {
      if (running === service) running = undefined
    },
  }
}

/** Where nothing runs, the store is changed all the same. */
async function place(database?: DriverPlug['serviceDb']): Promise<Place> {
  if (database === undefined) throw new TypeError('The memory driver needs a database')
  running = undefined
  const execute: MemoryService['execute'] = async (command) => {
    if (running !== undefined) return running.execute(command)
    const store = new MemoryStore(database)
    await store.load()
    return createMemoryService(nobody, store).execute(command)
  }
  const at = (path: string) => `${ROOT}/${path}`
  return {
    path: ROOT,
    access: {
      write: async (path, content) => void (await execute({ type: 'write', path: at(path), content })),
      async read(path) {
        if ((await execute({ type: 'exists', path: at(path) })) !== true) return undefined
        const content = await execute({ type: 'read', path: at(path) })
        return content instanceof Uint8Array ? content : undefined
      },
      async remove(path) {
        const isFile = await execute({ type: 'exists', path: at(path) })
        await execute(
          isFile === true ? { type: 'delete', path: at(path), notify: true } : { type: 'rmdir', path: at(path) },
        )
      },
      rename: async (path, to) => void (await execute({ type: 'move', path: at(path), to: at(to) })),
      makeDirectory: async () => undefined,
      list: async () => (await database.keys().all()).filter((key) => !key.startsWith('content:')).map(plainPath),
    },
    remove: async () => undefined,
  }
}

/** A Plug of a service without folders, so that nothing is told. */
const nobody: MemoryPlug = {
  folders: new Map(),
  report: async () => undefined,
  async *list() {},
  logger: recordingLogger(() => undefined),
}

function plainPath(key: string): string {
  return key.replace(`entry:${ROOT}/`, '')
}

const definition: DriverDefinition = { manifest, database: true, place, start }
testDriver(definition)
