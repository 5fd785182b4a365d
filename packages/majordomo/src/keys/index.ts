/**
 * Key files, and the list of keys that may connect.
 *
 * @module @onitu/majordomo/keys
 */

export { authorize, type NewKey, revoke } from './authorize.ts'
export {
  type AuthorizedKey,
  findGoodKey,
  formatAuthorizedKeys,
  isGood,
  isKey,
  type KeyMode,
  modeSchema,
  parseAuthorizedKeys,
} from './authorized-key.ts'
export {
  createKeyFiles,
  formatPublicKey,
  type PublicKey,
  parsePublicKey,
  publicKeyPath,
  readOrCreateKeys,
  readPublicKey,
  readSecretKey,
} from './key-file.ts'
export { changeAuthorizedKeys, readAuthorizedKeys, watchAuthorizedKeys } from './key-list.ts'
export { clientKeyPath, type KeyPlaces, keyPlaces } from './key-places.ts'
