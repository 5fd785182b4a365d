import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { describe, expect, test } from 'vitest'
import { connect } from '../src/connection/connect.ts'
import { readOptions } from '../src/options/read-options.ts'

const problem = openSshProblem()

describe.skipIf(problem !== undefined)(
  `a server that allows one channel${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test('is written over that one, and the connection stays', async () => {
      const server = await OpenSshServer.start({ maxSessions: 1 })
      const { host, port, user, hostKey, clientKey } = server
      const options = readOptions({ host, port, user, host_key: hostKey, private_key_file: clientKey })
      let tell: (error: unknown) => void = () => undefined
      const refusal = new Promise((resolve) => {
        tell = resolve
      })
      const { session, lanes, close } = await connect(options, { refused: (error) => tell(error) })
      try {
        for (let writer = 0; writer < 3; writer++) expect(lanes.take().session).toBe(session)
        expect(await refusal).toMatchObject({ code: 'NO_SFTP' })
        expect(lanes.take().session).toBe(session)
        expect(await session.lstat('/')).toHaveProperty('mode')
      } finally {
        await close()
        await server.close()
      }
    })
  },
)
