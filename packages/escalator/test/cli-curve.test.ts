import { appendFile, chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publicKeyOf } from '../src/index.ts'
import { run, startServing } from './cli-support.ts'
import { temporaryDirectory, until } from './support.ts'

/** Keys of a server and of two clients, the first of which is on the list. */
async function keys() {
  const directory = await temporaryDirectory()
  const file = (name: string) => join(directory, name)
  for (const name of ['server', 'alice', 'bob']) expect((await run(['keys', 'generate', file(name)])).status).toBe(0)
  const publicKey = async (name: string) => (await readFile(file(`${name}.pub`), 'utf8')).trim()
  await writeFile(file('allowed'), `# who may connect\n${await publicKey('alice')} Alice\n`)
  return { directory, file, publicKey }
}

async function servedWithKeys() {
  const { directory, file, publicKey } = await keys()
  const flags = ['--bind', 'tcp://127.0.0.1:*', '--key', file('server'), '--allow', file('allowed')]
  const server = await startServing(['--dir', join(directory, 'databases'), ...flags])
  const [address = ''] = server.output().stdout.match(/tcp:\/\/127\.0\.0\.1:\d+/) ?? []
  const as = (name: string) => ['--address', address, '--key', file(name), '--server-key', file('server.pub')]
  return { server, file, publicKey, address, as }
}

describe('escalator keys', () => {
  it('makes a secret file that only its owner can read, and a public one, and overwrites nothing', async () => {
    const { file, publicKey } = await keys()
    expect((await stat(file('alice'))).mode & 0o777).toBe(0o600)
    const { stdout } = await run(['keys', 'show', file('alice')])
    expect(stdout.trim()).toBe(await publicKey('alice'))
    const secret = (await readFile(file('alice'), 'utf8')).trim().split('\n').pop() ?? ''
    expect(publicKeyOf(secret)).toBe(stdout.trim())
    const again = await run(['keys', 'generate', file('alice')])
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('is there already') })
    expect(again.stdout + again.stderr).not.toContain(secret)
  })

  it('are refused when others can read the secret file, or there is none', async () => {
    const { file } = await keys()
    await chmod(file('alice'), 0o640)
    const { status, stderr } = await run(['keys', 'show', file('alice')])
    expect([status, stderr]).toEqual([1, expect.stringContaining(`(mode 640): chmod 600 ${file('alice')}`)])
    expect((await run(['keys', 'show', file('nobody')])).stderr).toContain('There is no key file')
    expect((await run(['keys', 'show', file('allowed')])).status).toBe(1)
  })
})

describe('escalator serve with keys', () => {
  it('serves who is on the list, refuses others, and says which', async () => {
    const { server, address, as, publicKey } = await servedWithKeys()
    expect(server.output().stdout).toContain(`Public key of this server, for its clients: ${await publicKey('server')}`)
    expect(await run(['put', 'a', '1', ...as('alice')])).toEqual({ status: 0, stdout: '', stderr: '' })
    const refused = await run(['get', 'a', ...as('bob')])
    expect(refused).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('(ACCESS_DENIED)') })
    const keyless = await run(['get', 'a', '--address', address, '--timeout', '0.3'])
    expect(keyless).toMatchObject({ status: 1, stderr: expect.stringContaining('(REQUEST_TIMEOUT)') })
    const said = `Refused 127.0.0.1: its public key ${await publicKey('bob')} is not on the list of allowed keys\n`
    await until(() => server.output().stderr === said, 'the refusal is said')
    expect((await run(['stats', ...as('alice')])).stdout).toContain('1 connections refused')
  })

  it('reads the list again when it changes or SIGHUP comes, and keeps the former when it is wrong', async () => {
    const { server, as, file, publicKey } = await servedWithKeys()
    await writeFile(file('allowed'), `${await publicKey('bob')}\n`)
    server.child.kill('SIGHUP')
    await until(() => server.output().stdout.includes('1 keys are allowed now'), 'the list is read')
    expect((await run(['put', 'b', '1', ...as('bob')])).status).toBe(0)
    expect((await run(['put', 'a', '1', ...as('alice')])).stderr).toContain('(ACCESS_DENIED)')
    await appendFile(file('allowed'), 'nonsense\n')
    await until(() => server.output().stderr.includes('line 2 does not begin with a public key'), 'the fault is said')
    expect((await run(['get', 'b', ...as('bob')])).stdout).toBe('1\n')
  })

  it('takes keys of clients from the environment, never from arguments', async () => {
    const { address, file, publicKey } = await servedWithKeys()
    const secret = (await readFile(file('alice'), 'utf8')).trim().split('\n').pop()
    const env = { ESCALATOR_SECRET_KEY: secret, ESCALATOR_SERVER_KEY: await publicKey('server') }
    expect((await run(['put', 'a', '1', '--address', address], { env })).status).toBe(0)
    const half = await run(['get', 'a', '--address', address, '--key', file('alice')])
    expect(half).toMatchObject({ status: 2, stderr: expect.stringContaining('--server-key FILE') })
  })

  it('does not listen beyond this machine without them', async () => {
    const directory = await temporaryDirectory()
    const { status, stderr } = await run(['serve', '--dir', directory, '--bind', 'tcp://*:4224'])
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^escalator: .*without keys.*\(KEYS_REQUIRED\)\n$/)])
  })
})
