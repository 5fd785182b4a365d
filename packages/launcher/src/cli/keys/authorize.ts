import { text } from 'node:stream/consumers'
import {
  authorize,
  changeAuthorizedKeys,
  formatPublicKey,
  type NewKey,
  parsePublicKey,
  readOrCreateKeys,
  readPublicKey,
} from '@onitu/majordomo/keys'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { checkAgainstSetup } from './check-against-setup.ts'
import { checkName } from './check-name.ts'
import { findKeyPlaces } from './places.ts'
import { tellSession } from './tell-session.ts'

export interface AuthorizeOptions extends Pick<NewKey, 'service' | 'folders' | 'mode'> {
  /** `-`: stdin. */
  readonly file: string
  readonly name: string | undefined
}

/** `onitu keys authorize FILE --service NAME` */
export async function authorizeKey(session: FindSessionOptions, options: AuthorizeOptions): Promise<void> {
  const { file, service, folders, mode } = options
  checkName(service, 'service')
  if (folders !== 'all') for (const folder of folders) checkName(folder, 'folder')
  const { publicKey, name: ownName } = await readKey(file)
  const name = options.name ?? ownName ?? service
  checkName(name, 'key')
  const places = await findKeyPlaces(session)
  await checkAgainstSetup(session, { service, folders })
  const added: NewKey = { name, publicKey, service, folders, mode }
  await changeAuthorizedKeys(places.authorizedKeys, (keys) => authorize(keys, added, Date.now()))
  await tellSession({ ...session, session: places.session })
  const server = await readOrCreateKeys(places.serverKey, places.session)
  const which = folders === 'all' ? 'all folders' : `the folders ${folders.join(', ')}`
  process.stdout.write(
    `key ${name} may connect as the service ${service}, with ${which}, mode ${mode}\n` +
      `The client needs the public key of this hub:\n${formatPublicKey({ publicKey: server.publicKey, name: places.session })}`,
  )
}

async function readKey(file: string) {
  return file === '-' ? parsePublicKey(await text(process.stdin), 'stdin') : readPublicKey(file)
}
