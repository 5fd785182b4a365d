import type { MajordomoStatus } from '@onitu/majordomo/control'
import type { RemoteServices } from '../remote/remote-services.ts'
import type { SupervisedProcess } from '../supervisor/supervised-process.ts'
import type { RemoteStatus, RemotesStatus } from './status.ts'

export interface RemoteSource extends Pick<RemoteServices, 'records' | 'resting'> {
  /** Undefined when Majordomo does not answer. */
  majordomoStatus(): Promise<MajordomoStatus | undefined>
}

export interface MajordomoSource {
  readonly majordomo: SupervisedProcess | undefined
  readonly remotes: RemoteSource | undefined
}

/** Undefined when the setup has no Majordomo. */
export async function collectMajordomo({ majordomo, remotes }: MajordomoSource): Promise<RemotesStatus | undefined> {
  if (majordomo === undefined || remotes === undefined) return undefined
  const status = majordomo.state === 'running' ? await remotes.majordomoStatus() : undefined
  const clients = [...remotes.records].map(([service, { setup }]): RemoteStatus => {
    const common = { service, driver: setup.driver.name, reason: '' }
    const resting = remotes.resting.find((candidate) => candidate.service === service)
    if (resting !== undefined) {
      if (resting.revoked !== null) return { ...common, state: 'revoked', since: resting.revoked }
      return { ...common, state: 'refused', since: null, reason: resting.reason }
    }
    if (status === undefined) return { ...common, state: 'unknown', since: null }
    // One that was not here since Majordomo was started has been away at least as long.
    const { connected, since } = status.clients.find((client) => client.service === service) ?? {
      connected: false,
      since: majordomo.since,
    }
    return { ...common, state: connected ? 'connected' : 'away', since }
  })
  return { refused: status?.refused ?? null, dropped: status?.dropped ?? null, clients }
}
