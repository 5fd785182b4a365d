import { OnituError } from '@onitu/protocol'
import { type AuthorizedKey, isGood } from './authorized-key.ts'

export type NewKey = Omit<AuthorizedKey, 'authorized' | 'revoked'>

/**
 * The list with one more key. A revoked one of the same name, or with the same public key, makes place. Pure; `now` in ms since 1970.
 * @throws OnituError `KEY_NAME_TAKEN`, `KEY_AUTHORIZED`, `SERVICE_HAS_KEY`
 */
export function authorize(keys: readonly AuthorizedKey[], added: NewKey, now: number): readonly AuthorizedKey[] {
  const good = keys.filter(isGood)
  const same = good.find(({ publicKey }) => publicKey === added.publicKey)
  if (same !== undefined) {
    throw new OnituError(
      'KEY_AUTHORIZED',
      `This key is authorised already, as ${show(same)}; to change what it may do, revoke it and authorise it again`,
    )
  }
  const named = good.find(({ name }) => name === added.name)
  if (named !== undefined) {
    throw new OnituError('KEY_NAME_TAKEN', `Another key is called ${show(named)}; give this one another --name`)
  }
  // Two keys that may be one service would take it from each other.
  const serving = good.find(({ service }) => service === added.service)
  if (serving !== undefined) {
    throw new OnituError(
      'SERVICE_HAS_KEY',
      `The service ${JSON.stringify(added.service)} has the key ${JSON.stringify(serving.name)}; revoke that one first`,
    )
  }
  const kept = keys.filter(({ name, publicKey }) => name !== added.name && publicKey !== added.publicKey)
  return [...kept, { ...added, authorized: now, revoked: null }]
}

/** The list with a key revoked. @throws OnituError `KEY_NOT_FOUND`, `KEY_REVOKED` */
export function revoke(keys: readonly AuthorizedKey[], name: string, now: number): readonly AuthorizedKey[] {
  const key = keys.find((candidate) => candidate.name === name)
  if (key === undefined) {
    const known = keys.filter(isGood).map((candidate) => candidate.name)
    const which = known.length === 0 ? 'none is authorised' : `authorised are: ${known.join(', ')}`
    throw new OnituError('KEY_NOT_FOUND', `There is no key called ${JSON.stringify(name)}; ${which}`)
  }
  if (!isGood(key)) throw new OnituError('KEY_REVOKED', `The key ${JSON.stringify(name)} is revoked already`)
  return keys.map((candidate) => (candidate === key ? { ...key, revoked: now } : candidate))
}

function show({ name, service }: AuthorizedKey): string {
  return `${JSON.stringify(name)} (service ${JSON.stringify(service)})`
}
