import { describe, expect, it } from 'vitest'
import { formatBytes } from './format-bytes.ts'
import { formatStatus, table } from './format-status.ts'
import type { FailedFile, Status } from './status.ts'

const failure = (path: string): FailedFile => ({
  folder: 'docs',
  path,
  code: 'EACCES',
  message: 'no',
  attempts: 2,
  since: 0,
})

const status: Status = {
  session: 'home',
  setup: '/setup.yml',
  processes: [
    {
      name: 'launcher',
      kind: 'launcher',
      state: 'running',
      reason: '',
      pid: 12,
      restarts: 0,
      memory: 71_500_000,
      since: 0,
    },
    {
      name: 'left',
      kind: 'service',
      state: 'failed',
      reason: 'no such host',
      pid: null,
      restarts: 3,
      memory: null,
      since: 0,
    },
  ],
  services: [
    {
      name: 'left',
      driver: 'local-storage',
      state: 'failed',
      folders: ['docs'],
      counts: { files: 12_345, directories: 2, upToDate: 12_000, pending: 300, reported: 47 },
      failed: Array.from({ length: 12 }, (_, index) => failure(`f\n${index}`)),
      unavailable: [{ folder: 'docs', reason: 'unmounted' }],
    },
    { name: 'right', driver: 'memory', state: 'running', folders: [], counts: null, failed: [], unavailable: [] },
  ],
  conflicts: [{ folder: 'docs', path: 'a', copyPath: 'a (conflict of right)', winner: 'left', loser: 'right' }],
  held: [{ service: 'left', folder: 'docs', files: 150, directories: 2 }],
}

describe('formatStatus', () => {
  const lines = formatStatus(status).split('\n')

  it('aligns processes and services', () => {
    expect(lines.slice(2, 5)).toEqual([
      'PROCESS   STATE    PID  RESTARTS   MEMORY',
      'launcher  running   12         0  71.5 MB',
      'left      failed     -         3        -  no such host',
    ])
    expect(lines).toContain(
      'left     local-storage  failed   12,345            2      12,000      347      12  docs is unavailable: unmounted',
    )
    expect(lines).toContain('right    memory         running       ?            ?           ?        ?       ?')
  })

  it('says what becomes of a folder that is unavailable', () => {
    expect(lines.join('\n')).toContain('what is missing in it is not deleted elsewhere')
  })

  it('says how many failures it does not show', () => {
    expect(lines).toContain('  … and 2 more (see --json)')
  })

  it('keeps a path on its line, whatever is in it', () => {
    expect(lines).toContain("  left: 'f\\x0a3' in folder docs (EACCES, 2 attempts): no")
  })

  it('says what is held, and what can be done about it', () => {
    expect(lines[lines.indexOf('Held deletions:') + 1]).toContain(
      '150 files and 2 directories deleted on left in folder docs',
    )
  })

  it('says how many files are in conflict, and where to read more', () => {
    expect(lines.at(-1)).toBe('1 file is in conflict, see `onitu conflicts`.')
  })
})

describe('table', () => {
  it('counts characters, not code units', () => {
    expect(
      table(
        [
          ['😀', 'x'],
          ['ab', 'y'],
        ],
        new Set(),
      ),
    ).toBe('😀   x\nab  y')
  })
})

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [1_234_567, '1.2 MB'],
    [5e20, '500000.0 PB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})
