/**
 * Onitu driver for services on other machines. It is set up by Majordomo, not in a setup file.
 *
 * @module @onitu/driver-remote
 */
import { connect } from '@onitu/escalator'
import { remoteRecordSchema } from '@onitu/majordomo'
import { type Driver, defineDriver, type HostedContext, type Manifest, Plug, type RunContext } from '@onitu/plug'
import { keys, OnituError, parseRecord } from '@onitu/protocol'
import { createRemote } from './create-remote.ts'
import { manifest, remoteCapabilities } from './manifest.ts'

export { createRemote, type Remote, type RemoteOptions } from './create-remote.ts'
export { manifest } from './manifest.ts'

const driver: Driver = {
  manifest,
  async run(context) {
    if (isHosted(context)) throw new OnituError('NOT_SUPPORTED', 'A remote service cannot be hosted by another client')
    const hosted = await readManifest(context)
    const plug = new Plug()
    const definition = defineDriver({
      manifest: hosted,
      plug,
      async start() {
        const remote = createRemote(plug, {
          runtime: context.runtime,
          undecided: (folder) => plug.setUndecided(folder),
          agreeOnChunks: () => plug.agreeOnChunks(),
        })
        await remote.start()
        await plug.listen()
      },
    })
    return definition.run(context)
  },
}

export default driver

/** What the client said of the driver that it hosts, when it was last here. */
async function readManifest({ escalator, service }: RunContext): Promise<Manifest> {
  const database = await connect({ address: escalator })
  try {
    const key = keys.remote(service)
    const written = await database.get(key, { default: undefined })
    if (written === undefined) return manifest
    const { name, description, velocity, capabilities } = parseRecord(remoteRecordSchema, written, key).setup.driver
    return {
      ...manifest,
      description: `${name} on another machine: ${description}`,
      velocity,
      capabilities: remoteCapabilities(capabilities),
    }
  } finally {
    await database.close()
  }
}

function isHosted(context: RunContext | HostedContext): context is HostedContext {
  return 'host' in context
}
