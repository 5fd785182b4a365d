import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processStart } from '../src/session/process-identity.ts'

/** What is built (`npx tsup`), as a user runs it. */
const bin = fileURLToPath(new URL('../bin/onitu.js', import.meta.url))

let directory: string
let file: string
let children: Started[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onitu-test-'))
  file = join(directory, 'setup.yml')
  await writeFile(
    file,
    `name: home
folders: { docs: }
services:
  left: { driver: local-storage, folders: { docs: ./left } }
  right: { driver: local-storage, folders: { docs: ./right } }
`,
  )
})

afterEach(async () => {
  for (const { kill } of children) kill('SIGTERM')
  await Promise.all(children.map(({ ended }) => ended))
  children = []
  await rm(directory, { recursive: true, force: true })
})

interface Output {
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly ended: Promise<Output & { readonly status: number | null }>
  /** What came so far. */
  readonly output: Output
  readonly kill: (signal: NodeJS.Signals) => void
}

function run(...parameters: string[]): Started {
  const child = spawn(process.execPath, [bin, ...parameters], { cwd: directory })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data) => {
    output.stdout += data
  })
  child.stderr.on('data', (data) => {
    output.stderr += data
  })
  const ended: Started['ended'] = new Promise((resolve) => {
    child.once('close', (status) => resolve({ status, ...output }))
  })
  const started: Started = { ended, output, kill: (signal: NodeJS.Signals) => child.kill(signal) }
  children.push(started)
  return started
}

const onitu = (...parameters: string[]) => run(...parameters, '--config-dir', join(directory, 'config')).ended

async function startSession() {
  const session = run('start', '--setup', file, '--config-dir', join(directory, 'config'))
  await expect.poll(() => session.output.stdout, { timeout: 30_000 }).toContain('Session home started')
  return session
}

describe('onitu with bad input', () => {
  it('says which setup is missing', async () => {
    const { status, stderr } = await onitu('--setup', 'nope.yml')
    expect(status).toBe(1)
    expect(stderr).toBe("Error parsing 'nope.yml': ENOENT: no such file or directory, open 'nope.yml'\n")
  })

  it('shows where a malformed setup is malformed', async () => {
    await writeFile(join(directory, 'setup.json'), '{"foo": bar}')
    const { status, stderr } = await onitu('start', '--setup', 'setup.json')
    expect(status).toBe(1)
    expect(stderr).toContain("Error parsing 'setup.json': line 1, column 9: ")
  })

  it('names everything that is wrong, and starts nothing', async () => {
    await writeFile(file, 'name: "a:b"\nfolders: { docs: { nope: 1 } }\nservices: { left: { driver: nope } }\n')
    const { status, stdout, stderr } = await onitu('start', '--setup', file)
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toHaveLength(3)
    expect(existsSync(join(directory, 'config'))).toBe(false)
  })

  it('loads a driver by its path, and says what is none', async () => {
    await writeFile(join(directory, 'none.mjs'), 'export default {}')
    await writeFile(join(directory, 'broken.mjs'), 'throw new Error("oops")')
    await writeFile(file, 'name: a\nservices: { one: { driver: ./none.mjs }, two: { driver: ./broken.mjs } }\n')
    const { stderr } = await onitu('check', '--setup', file)
    expect(stderr).toMatch(/none\.mjs is no driver: expected its default export to be the result of defineDriver/)
    expect(stderr).toMatch(/broken\.mjs\) cannot be loaded: Error: oops/)
  })

  it.each([
    [['--nonsense'], 2, /unknown option/],
    [['statsu'], 2, /unknown command 'statsu'/],
    [['wait', '--timeout', 'soon'], 2, /expected a number of seconds/],
    [['service', 'pause', 'left'], 2, /unknown command/],
    [['status'], 3, /No session is running .* start it with `onitu start`/],
    [['stop', '--session', 'other'], 3, /The session "other" is not running/],
  ] as const)('ends %j with status %i', async (parameters, expected, message) => {
    const { status, stderr } = await onitu(...parameters)
    expect(stderr).toMatch(message)
    expect(status).toBe(expected)
  })

  it('prints its version and its help', async () => {
    expect((await run('--version').ended).stdout).toMatch(/^\d+\.\d+\.\d+/)
    expect((await run('--help').ended).stdout).toMatch(/Exit status: 0 done/)
  })

  it('accepts a good setup', async () => {
    const { status, stdout } = await onitu('check', '--setup', file)
    expect(stdout).toContain('is fine: session home')
    expect(status).toBe(0)
  })
})

describe('onitu start', () => {
  it('keeps two folders in sync until it is stopped', async () => {
    const session = await startSession()
    await writeFile(join(directory, 'left', 'a.txt'), 'hello')
    expect((await onitu('wait', '--timeout', '20')).status).toBe(0)
    expect(await readFile(join(directory, 'right', 'a.txt'), 'utf8')).toBe('hello')
    const status = await onitu('status')
    expect(status.stdout).toMatch(/^right +local-storage +running +1 +0 +1 +0 +0$/m)
    expect(JSON.parse((await onitu('status', '--json')).stdout)).toMatchObject({ session: 'home', conflicts: [] })
    expect((await onitu('service', 'stop', 'right')).stdout).toBe('service right stopped\n')
    await writeFile(join(directory, 'left', 'b.txt'), 'more')
    const late = await onitu('wait', '--timeout', '1')
    expect(late.status).toBe(4)
    expect(late.stderr).toMatch(/service right \(stopped\): 1 pending/)
    expect((await onitu('service', 'start', 'right')).status).toBe(0)
    expect((await onitu('wait', '--timeout', '20')).status).toBe(0)
    expect(await readFile(join(directory, 'right', 'b.txt'), 'utf8')).toBe('more')
    expect((await onitu('stop')).stdout).toBe('session home stopped\n')
    expect((await session.ended).status).toBe(0)
  })

  it('refuses to run twice, ends on SIGINT with status 0, and runs again', async () => {
    const first = await startSession()
    const second = await onitu('start', '--setup', file)
    expect(second.status).toBe(1)
    expect(second.stderr).toMatch(/This session is running already \(pid \d+/)
    first.kill('SIGINT')
    expect((await first.ended).status).toBe(0)
    await startSession()
  })

  it('ends at once by a second signal, and starts nothing again', async () => {
    const session = await startSession()
    const status: { processes: { pid: number }[] } = JSON.parse((await onitu('status', '--json')).stdout)
    session.kill('SIGINT')
    session.kill('SIGTERM')
    const { stdout } = await session.ended
    expect(stdout).not.toMatch(/restarting|failed/)
    expect(status.processes.filter(({ pid }) => processStart(pid) !== undefined)).toEqual([])
    await startSession()
  })

  it('takes over after it was killed, leaving no process and no socket of the killed one', async () => {
    const killed = await startSession()
    const path = join(directory, 'config', 'home', 'session.json')
    const before: { runtime: string } = JSON.parse(await readFile(path, 'utf8'))
    const status: { processes: { pid: number }[] } = JSON.parse((await onitu('status', '--json')).stdout)
    const pids = status.processes.map(({ pid }) => pid)
    killed.kill('SIGKILL')
    await killed.ended
    await expect.poll(() => pids.filter((pid) => processStart(pid) !== undefined), { timeout: 20_000 }).toEqual([])
    await startSession()
    expect(existsSync(before.runtime)).toBe(false)
  })

  it('lets only one of many that start together run', async () => {
    await mkdir(join(directory, 'config', 'home'), { recursive: true })
    const stale = { pid: 2 ** 22 - 1, started: 'another boot:1', runtime: '/nowhere', setup: file }
    await writeFile(join(directory, 'config', 'home', 'session.json'), JSON.stringify(stale))
    const starters = Array.from({ length: 4 }, () =>
      run('start', '--setup', file, '--config-dir', join(directory, 'config')),
    )
    await expect
      .poll(() => starters.filter(({ output }) => output.stdout.includes('Session home started')).length, {
        timeout: 40_000,
      })
      .toBe(1)
    const losers = starters.filter(({ output }) => !output.stdout.includes('Session home started'))
    for (const loser of losers) {
      const { status, stderr } = await loser.ended
      expect(stderr).toContain('running already')
      expect(status).toBe(1)
    }
  })
})
