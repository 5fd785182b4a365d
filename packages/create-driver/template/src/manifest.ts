import type { Manifest } from '@onitu/plug'

/** What Onitu has to know before anything runs. The tests and the hub rely on every word of it. */
export const manifest: Manifest = {
  name: 'DRIVER_NAME',
  description: 'Folders of DRIVER_NAME',
  // 0 to 1: services with a higher number are asked first for a content that several have.
  velocity: 0.5,
  // `opaque`: the path of a folder in the setup is whatever this driver understands. `directory`: relative to the setup file.
  folderPath: 'directory',
  capabilities: {
    atomicReplace: true,
    conditionalWrite: true,
    rangedRead: true,
    resumableUpload: true,
    nativeMove: true,
    directories: true,
    mtime: true,
    mode: true,
    caseSensitive: true,
    tokenGranularity: 0,
  },
  options: {
    interval: { type: 'float', description: 'Seconds between two looks at the service', default: 2, min: 0.1 },
  },
}
