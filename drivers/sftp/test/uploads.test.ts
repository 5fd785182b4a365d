import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverPlug, Metadata } from '@onitu/plug'
import { temporaryFolder } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { describe, expect, test } from 'vitest'
import { connect } from '../src/connection/connect.ts'
import { Uploads } from '../src/files/uploads.ts'
import type { Folder } from '../src/folder.ts'
import { readOptions } from '../src/options/read-options.ts'
import { TEMPORARY_DIRECTORY } from '../src/paths.ts'

const problem = openSshProblem()
const fid = '8ba7b810-9dad-11d1-80b4-00c04fd430c8'
const metadata: Metadata = {
  fid,
  folder: 'default',
  path: 'file',
  kind: 'file',
  size: 3,
  mtime: 0,
  mode: null,
  hash: '',
  mimetype: '',
  version: 1,
}

describe.skipIf(problem !== undefined)(
  `an upload by chunk${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test('of which the part was removed is not gone on with, though its handle still takes what is written', async () => {
      const server = await OpenSshServer.start()
      const root = await temporaryFolder()
      const { host, port, user, hostKey, clientKey } = server
      const { lanes, close } = await connect(
        readOptions({ host, port, user, host_key: hostKey, private_key_file: clientKey }),
      )
      try {
        await mkdir(join(root.path, TEMPORARY_DIRECTORY), { recursive: true })
        const folder = {
          absolute: (path: string) => join(root.path, path),
          require: async () => undefined,
          requireMarker: async () => undefined,
        } as unknown as Folder
        const uploads = new Uploads(false, console as unknown as DriverPlug['logger'])
        const context = { token: null, signal: new AbortController().signal }
        await uploads.start(lanes, folder, metadata, context)
        await rm(join(root.path, TEMPORARY_DIRECTORY, `${fid}-1.part`))
        await uploads.chunk(lanes, folder, metadata, 0, Buffer.from('abc'))
        await expect(uploads.end(lanes, folder, metadata, context)).rejects.toMatchObject({ code: 'CHANGED' })
        await expect(uploads.restart(lanes, folder, metadata, 3)).rejects.toMatchObject({ code: 'UPLOAD_GONE' })
      } finally {
        await close()
        await server.close()
        await root.remove()
      }
    })
  },
)
