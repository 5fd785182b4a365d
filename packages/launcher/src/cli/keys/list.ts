import { type AuthorizedKey, readAuthorizedKeys } from '@onitu/majordomo/keys'
import { localTime } from '../../bus/printable.ts'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { table } from '../../status/format-status.ts'
import { findKeyPlaces } from './places.ts'

/** `onitu keys list` */
export async function listKeys(options: FindSessionOptions, json: boolean): Promise<void> {
  const keys = await readAuthorizedKeys((await findKeyPlaces(options)).authorizedKeys)
  process.stdout.write(`${json ? JSON.stringify(keys, null, 2) : formatKeys(keys)}\n`)
}

function formatKeys(keys: readonly AuthorizedKey[]): string {
  if (keys.length === 0) return 'no key is authorised; `onitu keys authorize FILE --service NAME` adds one'
  const rows = keys.map(({ name, service, folders, mode, publicKey, authorized, revoked }) => [
    name,
    service,
    folders === 'all' ? '(all)' : folders.join(','),
    mode,
    revoked === null ? `since ${day(authorized)}` : `revoked ${day(revoked)}`,
    publicKey,
  ])
  return table([['KEY', 'SERVICE', 'FOLDERS', 'MODE', 'STATE', 'PUBLIC KEY'], ...rows], new Set())
}

function day(time: number): string {
  return localTime(time).slice(0, 'YYYY-MM-DD HH:MM'.length)
}
