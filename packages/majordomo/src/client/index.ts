/**
 * Hosts a driver as a service of a hub on another machine.
 *
 * @module @onitu/majordomo/client
 */
export { type RemoteEvent, type RemoteOptions, runRemote } from './run-remote.ts'
