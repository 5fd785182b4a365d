import type { Database } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import * as v from 'valibot'

const names = v.fallback(v.array(v.string()), [])
const options = v.fallback(v.looseObject({}), {})
/** With one of these, or with rules, it is for the Referee to say who gets what. */
const FILTERS = ['mimetypes', 'file_size', 'blacklist', 'whitelist']

/**
 * The one service that gets all that `self` has in a folder: there are but the two, and nothing is kept out by rules or filters. Undefined where that is not
 * so, or not for sure.
 */
export async function findSoleReceiver(db: Database, folder: string, self: string): Promise<string | undefined> {
  const services = v.parse(names, await db.get(keys.services, { default: [] }))
  const [rules, written, ...mapped] = await db.getMany([
    keys.rules,
    keys.folder(folder),
    ...services.map((service) => keys.serviceFolders(service)),
  ])
  const others = services.filter((service, at) => service !== self && v.parse(names, mapped[at]).includes(folder))
  const [receiver] = others
  if (isThere(rules) || isFiltered(written) || receiver === undefined || others.length > 1) return undefined
  const [own, access] = await db.getMany([keys.serviceRules(receiver), keys.serviceFolderOptions(receiver, folder)])
  const isReadOnly = v.parse(options, access).mode === 'r'
  return isThere(own) || isFiltered(access) || isReadOnly ? undefined : receiver
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isFiltered(written: unknown): boolean {
  const given = v.parse(options, written)
  return FILTERS.some((name) => isThere(given[name]))
}
