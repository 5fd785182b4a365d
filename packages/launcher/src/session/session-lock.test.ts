import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processStart } from './process-identity.ts'
import { readSessionFile, type SessionFile } from './session-file.ts'
import { acquireSession } from './session-lock.ts'

let directory: string
let path: string
const self: SessionFile = {
  pid: process.pid,
  started: processStart(process.pid) ?? '',
  runtime: '/run/me',
  setup: '/setup.yml',
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'onitu-test-'))
  path = join(directory, 'session.json')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** The file of a process that is gone; `started` differs where a test needs several. */
function dead(started = 'boot:1'): SessionFile {
  return { ...self, pid: spawnSync('true').pid, started, runtime: `/run/${started}` }
}

function write(file: string, session: SessionFile): void {
  writeFileSync(file, JSON.stringify(session))
}

const claimOf = ({ pid, started }: SessionFile) => `${path}.after-${pid}-${started.replaceAll(/[^\w-]/g, '_')}`

describe('the lock of a session', () => {
  it('is a file that says who runs the session, and goes away with it', () => {
    const lock = acquireSession(directory, self)
    expect(readSessionFile(path)).toEqual(self)
    lock.release()
    lock.release()
    expect(readdirSync(directory)).toEqual([])
  })

  it('refuses a second one while the first lives', () => {
    const lock = acquireSession(directory, self)
    expect(() => acquireSession(directory, self)).toThrow(/running already \(pid \d+/)
    expect(readdirSync(directory)).toEqual(['session.json'])
    lock.release()
  })

  it('is taken over from a process that was killed', () => {
    const killed = dead()
    write(path, killed)
    const lock = acquireSession(directory, self)
    expect(lock.predecessors).toEqual([killed])
    expect(readSessionFile(path)).toEqual(self)
    expect(readdirSync(directory)).toEqual(['session.json'])
  })

  it('is taken over when the pid lives, but belongs to another process now', () => {
    write(path, { ...self, started: 'another boot:1' })
    expect(acquireSession(directory, self).predecessors).toHaveLength(1)
  })

  it('is taken over from one that was killed while it took over', () => {
    const first = dead('boot:1')
    const second = dead('boot:2')
    write(path, first)
    write(claimOf(first), second)
    const lock = acquireSession(directory, self)
    expect(lock.predecessors).toEqual([first, second])
    expect(readdirSync(directory)).toEqual(['session.json'])
  })

  it('is refused while somebody else takes over', () => {
    const killed = dead()
    write(path, killed)
    write(claimOf(killed), self)
    expect(() => acquireSession(directory, { ...self, runtime: '/run/other' })).toThrow(/running already/)
    expect(readSessionFile(path)).toEqual(killed)
  })

  it('is not released by one that has lost it', () => {
    const lock = acquireSession(directory, self)
    rmSync(path)
    write(path, dead())
    lock.release()
    expect(existsSync(path)).toBe(true)
  })

  it('says so when the file is not one of ours, and leaves it', () => {
    writeFileSync(path, 'not ours')
    expect(() => acquireSession(directory, self)).toThrow(/is not a session file; remove it/)
    expect(existsSync(path)).toBe(true)
  })
})
