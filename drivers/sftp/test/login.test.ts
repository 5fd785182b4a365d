import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from '@onitu/test-utils'
import ssh2 from 'ssh2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../src/connection/connect.ts'
import { fingerprint } from '../src/options/known-hosts.ts'
import { readOptions } from '../src/options/read-options.ts'

const SECRET = 'correct horse'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const hostKey = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

/** A server with passwords, asked for in either way: the system's would need an account. */
function passwordServer(method: 'password' | 'keyboard-interactive') {
  return new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => client.end())
    client.on('authentication', (context) => {
      if (context.method === 'password' && method === 'password' && context.password === SECRET) context.accept()
      else if (context.method === 'keyboard-interactive' && method === 'keyboard-interactive') {
        context.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) =>
          answer === SECRET ? context.accept() : context.reject(),
        )
      } else context.reject([method])
    })
    client.on('session', (accept) => accept().on('sftp', (take) => void take()))
  })
}

describe.each(['password', 'keyboard-interactive'] as const)('a server that asks for a %s', (method) => {
  let server: ssh2.Server
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const parsed = ssh2.utils.parseKey(hostKey)
  const shown = parsed instanceof Error ? '' : fingerprint(parsed.getPublicSSH())
  const options = (given: Record<string, string>) => {
    const { port } = server.address() as AddressInfo
    return readOptions({ host: '127.0.0.1', port, user: 'me', host_key: shown, timeout: 5, ...given })
  }
  const logIn = async (given: Record<string, string>) => {
    const { session, close } = await connect(options(given))
    expect(session.isAlive).toBe(true)
    await close()
    expect(session.isAlive).toBe(false)
  }

  beforeAll(async () => {
    folder = await temporaryFolder()
    server = passwordServer(method).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(async () => {
    server.close()
    await folder.remove()
  })
  beforeEach(() => {
    process.env.ONITU_TEST_SFTP_PASSWORD = SECRET
  })
  afterEach(() => {
    delete process.env.ONITU_TEST_SFTP_PASSWORD
  })

  test('gets it from the option, an environment variable or a file', async () => {
    await logIn({ password: SECRET })
    await logIn({ password_env: 'ONITU_TEST_SFTP_PASSWORD' })
    const file = join(folder.path, 'password')
    writeFileSync(file, `${SECRET}\n`)
    await logIn({ password_file: file })
  })

  test('does not let a wrong one in, and the error does not tell it', async () => {
    const failure = await connect(options({ password: 'wrong one' })).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'AUTHENTICATION_FAILED', retryable: true })
    expect(String(failure)).not.toContain('wrong one')
  })

  test('is sent nothing before its key is known', async () => {
    const failure = await connect(options({ password: SECRET, host_key: 'SHA256:other' })).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'HOST_KEY_MISMATCH' })
    expect(String(failure)).toContain(shown)
  })
})
