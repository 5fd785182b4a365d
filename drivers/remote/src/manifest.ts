import type { Manifest } from '@onitu/plug'

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
