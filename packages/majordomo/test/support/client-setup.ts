import type { ClientSetup } from '../../src/setup/client-setup.ts'

/** What a client states whose driver can do everything but keep a history. */
export const clientSetup: ClientSetup = {
  driver: {
    name: 'test',
    description: 'For tests',
    velocity: 0.5,
    capabilities: {
      atomicReplace: true,
      conditionalWrite: true,
      rangedRead: true,
      resumableUpload: true,
      parallelChunks: 1,
      hashAtEnd: false,
      nativeMove: true,
      directories: true,
      mtime: true,
      mode: true,
      caseSensitive: true,
      tokenGranularity: 0,
      history: false,
    },
  },
  folders: { docs: { path: '/docs', options: {} } },
}
