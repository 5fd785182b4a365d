import type { Capabilities, Manifest } from '@onitu/plug'

const capabilities: Capabilities = {
  atomicReplace: true,
  conditionalWrite: true,
  rangedRead: true,
  resumableUpload: true,
  nativeMove: true,
  directories: false,
  mtime: true,
  mode: false,
  caseSensitive: true,
  tokenGranularity: 0,
}

export const manifest: Manifest = {
  name: 'memory',
  description: 'Keeps contents in its own part of the database and is told over sockets what to do: for tests',
  velocity: 0.5,
  capabilities,
  options: {
    requests: { type: 'string', description: 'Address to bind for commands that are answered' },
    notifications: { type: 'string', description: 'Address to bind for commands that are not answered' },
    delay: { type: 'integer', description: 'ms that each chunk takes to be written', default: 0, min: 0 },
  },
  folderPath: 'opaque',
}
