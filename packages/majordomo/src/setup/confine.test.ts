import { describe, expect, it } from 'vitest'
import type { AuthorizedKey, KeyMode } from '../keys/index.ts'
import type { ClientSetup } from './client-setup.ts'
import { confine } from './confine.ts'

const driver = {} as ClientSetup['driver']
const key = (mode: KeyMode, folders: AuthorizedKey['folders'] = 'all'): AuthorizedKey => ({
  name: 'laptop',
  publicKey: '',
  service: 'laptop',
  folders,
  mode,
  authorized: 0,
  revoked: null,
})
const stated = (mode?: unknown): ClientSetup => ({
  driver,
  folders: { docs: { path: '/docs', options: mode === undefined ? {} : { mode } } },
})

describe('what a client may be by its key', () => {
  it.each([
    [undefined, 'rw', 'rw'],
    [undefined, 'r', 'r'],
    ['rw', 'w', 'w'],
    ['rw', 'rw', 'rw'],
    ['r', 'rw', 'r'],
    ['r', 'r', 'r'],
    ['w', 'w', 'w'],
  ] as const)('the mode %s under a key with %s is %s', (mode, allowed, effective) => {
    expect(confine(stated(mode), key(allowed)).folders.docs?.options).toEqual({ mode: effective })
  })

  it.each([
    ['r', 'w'],
    ['w', 'r'],
  ] as const)('the mode %s under a key with %s is refused', (mode, allowed) => {
    expect(() => confine(stated(mode), key(allowed))).toThrow(expect.objectContaining({ code: 'MODE_NOT_GRANTED' }))
  })

  it('refuses a folder that was not granted, and a mode that is none', () => {
    expect(() => confine(stated(), key('rw', ['photos']))).toThrow(
      expect.objectContaining({ code: 'FOLDER_NOT_GRANTED' }),
    )
    expect(() => confine(stated('x'), key('rw'))).toThrow(expect.objectContaining({ code: 'INVALID_MODE' }))
  })
})
