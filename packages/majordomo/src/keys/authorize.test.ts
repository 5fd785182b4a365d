import { generateKeyPair } from '@onitu/escalator/messaging'
import { describe, expect, it } from 'vitest'
import { authorize, type NewKey, revoke } from './authorize.ts'
import { findGoodKey, formatAuthorizedKeys, parseAuthorizedKeys } from './authorized-key.ts'

const laptop: NewKey = {
  name: 'laptop',
  publicKey: generateKeyPair().publicKey,
  service: 'laptop',
  folders: 'all',
  mode: 'rw',
}
const nas: NewKey = {
  name: 'nas',
  publicKey: generateKeyPair().publicKey,
  service: 'attic',
  folders: ['docs'],
  mode: 'r',
}

describe('the list of authorised keys', () => {
  it('survives being written and read', () => {
    const keys = authorize(authorize([], laptop, 1), nas, 2)
    expect(parseAuthorizedKeys(formatAuthorizedKeys(keys), 'list')).toEqual([
      { ...laptop, authorized: 1, revoked: null },
      { ...nas, authorized: 2, revoked: null },
    ])
  })

  it('knows a key until it is revoked, and shows it afterwards', () => {
    const keys = authorize([], laptop, 1)
    expect(findGoodKey(keys, laptop.publicKey)?.service).toBe('laptop')
    const revoked = revoke(keys, 'laptop', 5)
    expect(findGoodKey(revoked, laptop.publicKey)).toBeUndefined()
    expect(revoked).toEqual([{ ...laptop, authorized: 1, revoked: 5 }])
  })

  it('takes a new key in the place of a revoked one', () => {
    const keys = revoke(authorize([], laptop, 1), 'laptop', 2)
    const next = { ...laptop, publicKey: generateKeyPair().publicKey }
    expect(authorize(keys, next, 3)).toEqual([{ ...next, authorized: 3, revoked: null }])
  })

  it.each([
    ['the same key again', { ...laptop, name: 'x', service: 'x' }, 'KEY_AUTHORIZED'],
    ['the same name', { ...nas, name: 'laptop' }, 'KEY_NAME_TAKEN'],
    ['a second key for a service', { ...nas, service: 'laptop' }, 'SERVICE_HAS_KEY'],
  ])('refuses %s', (_title, key, code) => {
    expect(() => authorize(authorize([], laptop, 1), key, 2)).toThrow(expect.objectContaining({ code }))
  })

  it('says which keys there are when one is to be revoked that is none', () => {
    expect(() => revoke(authorize([], laptop, 1), 'lptop', 2)).toThrow(/authorised are: laptop/)
    expect(() => revoke(revoke(authorize([], laptop, 1), 'laptop', 2), 'laptop', 3)).toThrow(/already/)
  })

  const written = (change: object) =>
    JSON.stringify({ version: 1, keys: [{ ...laptop, authorized: 1, revoked: null, ...change }] })

  it.each([
    ['no JSON', '{'],
    ['another version', '{"version":2,"keys":[]}'],
    ['a key that is none', written({ publicKey: 'x'.repeat(39) })],
    ['a service with a colon', written({ service: 'a:b' })],
    ['a folder that is a path', written({ folders: ['../..'] })],
    ['an unknown mode', written({ mode: 'rwx' })],
    ['an unknown field, which may be a limit', written({ until: 5 })],
    ['no word about revocation', written({ revoked: undefined })],
    [
      'two good keys for one service',
      JSON.stringify({
        version: 1,
        keys: [laptop, { ...nas, service: 'laptop' }].map((key) => ({ ...key, authorized: 1, revoked: null })),
      }),
    ],
  ])('is refused as a whole with %s', (_title, text) => {
    expect(() => parseAuthorizedKeys(text, 'the list')).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY_LIST', message: expect.stringContaining('the list') }),
    )
  })
})
