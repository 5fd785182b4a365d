import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RestartPolicy } from '../src/supervisor/restart-policy.ts'
import { SupervisedProcess } from '../src/supervisor/supervised-process.ts'

const module = new URL('./fixtures/child.mjs', import.meta.url).href
const quick: RestartPolicy = {
  firstDelay: 10,
  maxDelay: 40,
  healthyAfter: 60_000,
  failuresUntilFailed: 3,
  killedDelay: 40,
  failedDelay: 600_000,
}

let directory: string
let log: string
let running: SupervisedProcess[] = []
const lines: string[] = []
const states: string[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onitu-test-'))
  log = join(directory, 'starts')
  lines.length = 0
  states.length = 0
})

afterEach(async () => {
  await Promise.all(running.map((supervised) => supervised.stop()))
  running = []
  await rm(directory, { recursive: true, force: true })
})

function supervise(behaviour: string, options: { readyTimeout?: number; grace?: number; policy?: RestartPolicy } = {}) {
  const supervised = new SupervisedProcess({
    name: 'part',
    module,
    configuration: { type: 'start', behaviour, log },
    policy: quick,
    readyTimeout: 20_000,
    grace: 10_000,
    onLine: (process, line, from) => lines.push(`${process} ${from} ${line}`),
    onState: ({ state }) => states.push(state),
    ...options,
  })
  running.push(supervised)
  return supervised
}

async function until(supervised: SupervisedProcess, state: string): Promise<void> {
  while (supervised.state !== state) await supervised.changed()
}

const starts = async () => (await readFile(log, 'utf8')).trim().split('\n').map(Number)

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a supervised process', () => {
  it('is running once it said so, and gone once it was stopped', async () => {
    const supervised = supervise('ready')
    await supervised.start()
    expect(supervised.state).toBe('running')
    const { pid } = supervised
    await supervised.stop()
    expect(supervised.state).toBe('stopped')
    expect(supervised.pid).toBeNull()
    expect(pid === null || isRunning(pid)).toBe(false)
    expect(states).toEqual(['starting', 'running', 'stopping', 'stopped'])
  })

  it('is started again when it is killed', async () => {
    const supervised = supervise('ready')
    await supervised.start()
    const first = supervised.pid
    process.kill(first ?? 0, 'SIGKILL')
    await until(supervised, 'restarting')
    expect(supervised.reason).toBe('was ended by SIGKILL')
    await until(supervised, 'running')
    expect(supervised.pid).not.toBe(first)
    expect(supervised.restarts).toBe(1)
  })

  it('is not started again when it is ended for good', async () => {
    const supervised = supervise('deaf')
    await supervised.start()
    const { pid } = supervised
    supervised.destroy()
    await supervised.stop()
    expect(pid === null || isRunning(pid)).toBe(false)
    expect(states).toEqual(['starting', 'running', 'stopping', 'stopped'])
    await expect(supervised.start()).rejects.toMatchObject({ code: 'CLOSED' })

    const waiting = supervise('crash', { policy: { ...quick, firstDelay: 600_000, maxDelay: 600_000 } })
    await waiting.start()
    await until(waiting, 'restarting')
    waiting.destroy()
    await waiting.stop()
    expect(waiting.state).toBe('stopped')
  })

  it('is shown as failed when it keeps failing, and is tried again when asked', async () => {
    const supervised = supervise('crash')
    await supervised.start()
    await until(supervised, 'failed')
    expect(await starts()).toHaveLength(3)
    expect(supervised.reason).toBe('ended with status 3')
    expect(supervised.resting).toBe(false)
    expect(lines).toContain('part stderr about to crash')
    await supervised.start()
    await until(supervised, 'failed')
    expect((await starts()).length).toBeGreaterThan(3)
  })

  it('counts one that ends soon after being ready as failing', async () => {
    const supervised = supervise('crash-when-ready')
    await supervised.start()
    await until(supervised, 'failed')
    expect(await starts()).toHaveLength(3)
  })

  it('is not started again when its configuration is wrong, until asked', async () => {
    const supervised = supervise('misconfigured')
    await supervised.start()
    expect(supervised.state).toBe('failed')
    expect(supervised.reason).toBe('no such thing')
    expect(supervised.resting).toBe(true)
    expect(await starts()).toHaveLength(1)
    await supervised.start()
    expect(await starts()).toHaveLength(2)
  })

  it('is killed and started again when it is never ready', async () => {
    const supervised = supervise('hang', { readyTimeout: 300 })
    await supervised.start()
    await until(supervised, 'restarting')
    expect(supervised.reason).toContain('not ready after 0.3 s')
  })

  it('is killed after the grace period when it does not listen', async () => {
    const supervised = supervise('deaf', { grace: 300 })
    await supervised.start()
    const { pid } = supervised
    await supervised.stop()
    expect(pid === null || isRunning(pid)).toBe(false)
    expect(supervised.state).toBe('stopped')
  })

  it('ends while it is starting, and while it waits to be started again', async () => {
    const starting = supervise('hang')
    const started = starting.start()
    await until(starting, 'starting')
    await starting.stop()
    await started
    expect(starting.state).toBe('stopped')

    const waiting = supervise('crash', { policy: { ...quick, firstDelay: 600_000, maxDelay: 600_000 } })
    await waiting.start()
    await until(waiting, 'restarting')
    await waiting.stop()
    expect(waiting.state).toBe('stopped')
  })

  it('can be stopped and started again', async () => {
    const supervised = supervise('ready')
    await supervised.start()
    await supervised.stop()
    await supervised.stop()
    await supervised.start()
    expect(supervised.state).toBe('running')
    expect(supervised.restarts).toBe(0)
  })
})
