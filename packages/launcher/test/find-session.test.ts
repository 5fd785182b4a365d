import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findSession } from '../src/session/find-session.ts'
import { processStart } from '../src/session/process-identity.ts'

let configDirectory: string
let setup: string
beforeEach(async () => {
  configDirectory = await mkdtemp(join(tmpdir(), 'find-session-'))
  setup = join(configDirectory, 'setup.yml')
})
afterEach(() => rm(configDirectory, { recursive: true }))

/** As if this process ran the session. */
async function runs(name: string, from: string, started = processStart(process.pid)): Promise<void> {
  await mkdir(join(configDirectory, name))
  const session = { pid: process.pid, started, runtime: join(configDirectory, name), setup: from }
  await writeFile(join(configDirectory, name, 'session.json'), JSON.stringify(session))
}

it('finds the session that was started from a setup file, whatever is in that file by now', async () => {
  await runs('other', join(configDirectory, 'other.yml'))
  await runs('mine', setup)
  expect((await findSession({ configDirectory, setup })).name).toBe('mine')
  await writeFile(setup, 'name: [')
  expect((await findSession({ configDirectory })).name).toBe('mine')
})

it('goes by the name in the setup file where several were started from it, or none', async () => {
  await writeFile(setup, 'name: second')
  await runs('second', join(configDirectory, 'elsewhere.yml'))
  expect((await findSession({ configDirectory, setup })).name).toBe('second')
  await runs('first', setup)
  await runs('third', setup)
  expect((await findSession({ configDirectory, setup })).name).toBe('second')
})

it('takes no session for running whose process is another one by now', async () => {
  await writeFile(setup, 'name: mine')
  await runs('mine', setup, 'another boot:1')
  await expect(findSession({ configDirectory, setup })).rejects.toMatchObject({ code: 'NOT_RUNNING' })
})
