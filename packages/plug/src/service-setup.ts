import type { Database } from '@onitu/escalator'
import { fileId, keys, parseHistoryOptions, type ServiceState, serviceStateSchema } from '@onitu/protocol'
import * as v from 'valibot'
import type { Manifest, OptionValue, ServiceFolder } from './contract.ts'
import { isKnown } from './folder-states.ts'

export interface ServiceSetup {
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly state: ServiceState
}

const names = v.array(v.string())
const optionValues = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))
const folderOptions = v.looseObject({
  mode: v.optional(v.picklist(['r', 'w', 'rw'])),
  history: v.optional(v.unknown()),
})

/** Reads what the setup says of this service, with the defaults of the driver's manifest. */
export async function readServiceSetup(
  db: Database,
  session: string,
  service: string,
  manifest: Manifest,
): Promise<ServiceSetup> {
  const [written, folderNames, state] = await db.getMany([
    keys.serviceOptions(service),
    keys.serviceFolders(service),
    keys.serviceState(service),
  ])
  const knownState = v.parse(v.fallback(serviceStateSchema, { folders: {} }), state)
  const folders = new Map<string, ServiceFolder>()
  for (const name of v.parse(names, folderNames ?? [])) {
    const [path, access, general] = await db.getMany([
      keys.serviceFolderPath(service, name),
      keys.serviceFolderOptions(service, name),
      keys.folder(name),
    ])
    const { mode = 'rw', ...own } = v.parse(folderOptions, access ?? {})
    const history = parseHistoryOptions(v.parse(folderOptions, general ?? {}).history, own.history)
    folders.set(name, {
      name,
      path: v.parse(v.string(), path),
      mode,
      identity: fileId(session, name),
      known: isKnown(Object.hasOwn(knownState.folders, name) ? knownState.folders[name] : undefined),
      // Where nothing is ever written nothing is ever replaced.
      ...(history === undefined || mode === 'r' ? {} : { history }),
    })
  }
  return { options: { ...defaults(manifest), ...v.parse(optionValues, written ?? {}) }, folders, state: knownState }
}

function defaults({ options, velocity }: Manifest): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = { velocity }
  for (const [name, { default: value }] of Object.entries(options)) if (value !== undefined) values[name] = value
  return values
}
