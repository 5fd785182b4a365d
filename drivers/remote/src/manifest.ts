import type { Capabilities, Manifest } from '@onitu/plug'

/** Chunks of an upload on their way to the client, each of which would else cost a round trip. It writes them as its driver takes them. */
const CHUNKS_AT_ONCE = 8

/** What is known of the driver before its client has said what it hosts: the least that can be relied on. */
export const manifest: Manifest = {
  name: 'remote',
  description: 'A service on another machine, hosted there by `onitu remote`',
  velocity: 0.3,
  folderPath: 'opaque',
  capabilities: {
    atomicReplace: false,
    conditionalWrite: false,
    rangedRead: false,
    resumableUpload: false,
    nativeMove: false,
    directories: false,
    mtime: false,
    mode: false,
    caseSensitive: true,
    tokenGranularity: 0,
  },
  options: {},
}

/** What a driver can that is reached over a network. */
export function remoteCapabilities(hosted: Omit<Capabilities, 'parallelChunks'>): Capabilities {
  return { ...hosted, parallelChunks: CHUNKS_AT_ONCE }
}
