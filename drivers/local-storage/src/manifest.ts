import type { Manifest } from '@onitu/plug'

export const manifest: Manifest = {
  name: 'local-storage',
  description: 'Folders on this machine',
  velocity: 1,
  folderPath: 'directory',
  capabilities: {
    atomicReplace: true,
    conditionalWrite: true,
    rangedRead: true,
    resumableUpload: true,
    hashAtEnd: true,
    nativeMove: true,
    directories: true,
    mtime: true,
    mode: true,
    caseSensitive: true,
    tokenGranularity: 0,
    history: true,
  },
  options: {
    fsync: {
      type: 'boolean',
      description: 'Wait until the content of a file is on the disk before it takes its name',
      default: true,
    },
    scan_interval: {
      type: 'integer',
      description: 'Seconds between full scans, which find what the system did not notify',
      default: 600,
      min: 1,
    },
  },
}
