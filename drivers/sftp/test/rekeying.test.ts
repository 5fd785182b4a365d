import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { temporaryFolder } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { Client } from 'ssh2'
import { describe, expect, test, vi } from 'vitest'
import { connect } from '../src/connection/connect.ts'
import { readRange, withHandle, writeRange } from '../src/files/transfer.ts'
import { readOptions } from '../src/options/read-options.ts'

const problem = openSshProblem()

describe.skipIf(problem !== undefined)(
  `a server that wants new keys all the time${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test('gets and gives contents as they are', async () => {
      const folder = await temporaryFolder('onitu-rekeying-')
      const server = await OpenSshServer.start({ rekeyLimit: '1M' })
      const { host, port, user, hostKey, clientKey } = server
      const options = readOptions({ host, port, user, host_key: hostKey, private_key_file: clientKey })
      const emitted = vi.spyOn(Client.prototype, 'emit')
      const { session, close } = await connect(options)
      try {
        const content = randomBytes(12 * 1024 * 1024 + 5)
        const path = join(folder.path, 'file')
        await withHandle(session, path, 'new', (handle) => writeRange(session, handle, content, 0))
        const back = await withHandle(session, path, 'read', (handle) =>
          readRange(session, handle, 0, content.byteLength),
        )
        expect(back.equals(content)).toBe(true)
        expect(emitted.mock.calls.filter(([event]) => event === 'handshake').length).toBeGreaterThan(5)
      } finally {
        emitted.mockRestore()
        await close()
        await server.close()
        await folder.remove()
      }
    })
  },
)
