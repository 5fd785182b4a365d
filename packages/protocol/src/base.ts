/**
 * The part of the protocol that needs no records and no tables: a command that asks one question loads this and `./codec`, and starts in a fraction of the time.
 *
 * @module @onitu/protocol/base
 */
export { ipcAddress, type SocketName } from './addresses.ts'
export {
  fromWireError,
  isOnituError,
  OnituError,
  type OnituErrorOptions,
  systemCode,
} from './errors.ts'
export { nameProblem } from './names.ts'
