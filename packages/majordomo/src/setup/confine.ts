import { OnituError } from '@onitu/protocol'
import type { AuthorizedKey, KeyMode } from '../keys/index.ts'
import type { ClientSetup } from './client-setup.ts'

/**
 * What a client states, inside what its key allows: only folders that were granted, none with more access than the key has.
 * Pure.
 * @throws OnituError `FOLDER_NOT_GRANTED`, `MODE_NOT_GRANTED`, `INVALID_MODE`
 */
export function confine(setup: ClientSetup, key: AuthorizedKey): ClientSetup {
  const folders: Record<string, ClientSetup['folders'][string]> = {}
  for (const [name, { path, options }] of Object.entries(setup.folders)) {
    if (key.folders !== 'all' && !key.folders.includes(name)) {
      throw new OnituError(
        'FOLDER_NOT_GRANTED',
        `The key ${key.name} is not for the folder ${JSON.stringify(name)}; on the hub, see \`onitu keys list\``,
      )
    }
    folders[name] = { path, options: { ...options, mode: narrow(options.mode, key, name) } }
  }
  return { ...setup, folders }
}

/** The access that both allow. Left out it is all that the key has. */
function narrow(mode: unknown, key: AuthorizedKey, folder: string): KeyMode {
  if (mode === undefined || mode === null) return key.mode
  if (mode !== 'r' && mode !== 'w' && mode !== 'rw')
    throw new OnituError('INVALID_MODE', `The mode of the folder ${JSON.stringify(folder)} must be r, w or rw`)
  if (mode === 'rw') return key.mode
  if (key.mode === 'rw' || key.mode === mode) return mode
  throw new OnituError(
    'MODE_NOT_GRANTED',
    `The folder ${JSON.stringify(folder)} has the mode ${mode}, and the key ${key.name} has ${key.mode}: nothing is left`,
  )
}
