import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder, waitUntil } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../src/connection/connect.ts'
import { readOptions } from '../src/options/read-options.ts'

const problem = openSshProblem()

/** The real ssh-agent, in the foreground, with no key in it. */
async function startAgent(socket: string): Promise<ChildProcess> {
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  await waitUntil(() => existsSync(socket), { timeout: 10_000, what: 'ssh-agent made no socket' })
  return agent
}

describe.skipIf(problem !== undefined)(
  `a real ssh-agent${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    const before = process.env.SSH_AUTH_SOCK
    let folder: Awaited<ReturnType<typeof temporaryFolder>>
    let server: OpenSshServer
    let agent: ChildProcess
    let socket: string
    const add = (key: string) =>
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    const logIn = async (given: string) => {
      const { host, port, user, hostKey } = server
      const { session, close } = await connect(
        readOptions({ host, port, user, host_key: hostKey, timeout: 5, agent: given }),
      )
      const { isAlive } = session
      await close()
      return isAlive
    }

    beforeAll(async () => {
      folder = await temporaryFolder()
      socket = join(folder.path, 'agent')
      server = await OpenSshServer.start()
      agent = await startAgent(socket)
    })
    afterAll(async () => {
      if (before === undefined) delete process.env.SSH_AUTH_SOCK
      else process.env.SSH_AUTH_SOCK = before
      const ended = once(agent, 'exit')
      agent.kill()
      await ended
      await server.close()
      await folder.remove()
    })

    test('without a key that is let in gives an error that says so', async () => {
      add(server.strangerKey)
      await expect(logIn(socket)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED', retryable: true })
    })

    test('logs in with the key that it holds, by its socket or by SSH_AUTH_SOCK', async () => {
      add(server.clientKey)
      expect(await logIn(socket)).toBe(true)
      process.env.SSH_AUTH_SOCK = socket
      expect(await logIn('env')).toBe(true)
    })

    test('that is not there gives an error that says so', async () => {
      await expect(logIn(join(folder.path, 'nobody'))).rejects.toMatchObject({ retryable: true })
    })

    test('is asked for by a setup that names no other way, and is not there: says what to set', async () => {
      delete process.env.SSH_AUTH_SOCK
      await expect(logIn('env')).rejects.toMatchObject({ code: 'NO_CREDENTIALS' })
    })
  },
)
