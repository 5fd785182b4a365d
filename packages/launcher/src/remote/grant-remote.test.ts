import { generateKeyPair } from '@onitu/escalator/messaging'
import type { RemoteRecord } from '@onitu/majordomo'
import type { AuthorizedKey } from '@onitu/majordomo/keys'
import { describe, expect, it } from 'vitest'
import { clientSetup } from '../../../majordomo/test/support/client-setup.ts'
import type { Setup } from '../setup/setup.ts'
import { grantRemote } from './grant-remote.ts'
import { mergeRemotes } from './merge-remotes.ts'

const publicKey = generateKeyPair().publicKey
const key: AuthorizedKey = {
  name: 'my laptop',
  publicKey,
  service: 'laptop',
  folders: ['docs', 'photos'],
  mode: 'rw',
  authorized: 1,
  revoked: null,
}

const server = {
  name: 'server',
  driver: { name: 'local-storage', url: 'file:///local.js' },
  options: { velocity: 0.6 },
  folders: new Map([['docs', { path: '/srv/docs', options: {} }]]),
}
const setup: Setup = {
  name: 'home',
  folders: new Map([
    ['docs', {}],
    ['photos', {}],
    ['secrets', {}],
  ]),
  services: new Map([['server', server]]),
  rules: [{ sync: ['server'] }],
}

type Options = Readonly<Record<string, unknown>>

function record(folders: Readonly<Record<string, Options>>, rules?: readonly unknown[]): RemoteRecord {
  const written = Object.entries(folders).map(([name, options]) => [name, { path: `/home/me/${name}`, options }])
  return {
    publicKey,
    setup: {
      driver: { ...clientSetup.driver, name: 'local-storage', velocity: 0.4 },
      folders: Object.fromEntries(written),
      ...(rules === undefined ? {} : { rules: [...rules] }),
    },
  }
}

const grant = (stated: RemoteRecord, change: Partial<AuthorizedKey> = {}, name = 'laptop') =>
  grantRemote(name, stated, [{ ...key, ...change }], setup, 'file:///remote.js')

describe('a client that states what it is', () => {
  it('becomes a service of the driver remote, and nothing of its paths is taken for one of this machine', () => {
    const { service, problems } = grant(record({ docs: { blacklist: ['*.tmp'] } }))
    expect(problems).toEqual([])
    expect(service).toEqual({
      name: 'laptop',
      driver: { name: 'remote', url: 'file:///remote.js' },
      options: { velocity: 0.4 },
      folders: new Map([['docs', { path: 'laptop:/home/me/docs', options: { blacklist: ['*.tmp'], mode: 'rw' } }]]),
    })
  })

  it.each<[string, Partial<AuthorizedKey>, Options, string]>([
    ['an unwritten mode is that of the key', {}, {}, 'rw'],
    ['an unwritten mode is that of a narrow key', { mode: 'w' }, {}, 'w'],
    ['a narrower mode is taken', {}, { mode: 'r' }, 'r'],
    ['the same mode is taken', { mode: 'r' }, { mode: 'r' }, 'r'],
  ])('%s', (_title, change, options, mode) => {
    expect(grant(record({ docs: options }), change).service?.folders.get('docs')?.options.mode).toBe(mode)
  })

  it.each<[string, RemoteRecord, RegExp, Partial<AuthorizedKey>?, string?]>([
    ['another service', record({ docs: {} }), /the key is for the service "laptop" only/, {}, 'server'],
    ['no folders', record({}), /has no folders/],
    ['a folder that is not granted', record({ docs: {}, secrets: {} }), /"secrets": the key does not allow it/],
    ['any folder with a key for none', record({ docs: {} }), /"docs": the key does not allow it/, { folders: [] }],
    [
      'a folder that the hub does not have',
      record({ doc: {} }),
      /has no such folder, did you mean "docs"/,
      { folders: 'all' },
    ],
    [
      'a folder that leaves its place',
      record({ '../docs': {} }),
      /"..\/docs": the hub has no such folder/,
      { folders: 'all' },
    ],
    ['more than a read-only key allows', record({ docs: { mode: 'rw' } }), /the mode r only/, { mode: 'r' }],
    ['the other half of what the key allows', record({ docs: { mode: 'w' } }), /the mode r only/, { mode: 'r' }],
    ['a mode that is none', record({ docs: { mode: 7 } }), /the mode rw only/],
    ['an option that is for the folder of all', record({ docs: { conflict: ['laptop'] } }), /Unknown key/],
    ['an option that is none', record({ docs: { file_size: { max: 'much' } } }), /file_size.max/],
    ['a slow pattern', record({ docs: { blacklist: ['*a*b*c'] } }), /more than one star/],
    ['very many patterns', record({ docs: { whitelist: Array(101).fill('a') } }), /more than 100 patterns/],
    ['rules about others', record({ docs: {} }, [{ ban: ['server'] }]), /not about "server"/],
    ['rules about others beside itself', record({ docs: {} }, [{ sync: ['laptop', 'server'] }]), /not about "server"/],
    ['rules that are none', record({ docs: {} }, [{ synch: [] }]), /rules\[0\].synch/],
    ['a slow pattern in a rule', record({ docs: {} }, [{ match: { mime: ['*a*'] }, ban: ['laptop'] }]), /one star/],
    ['a revoked key', record({ docs: {} }), /was revoked/, { revoked: 2 }],
    [
      'a key of another name in the list',
      record({ docs: {} }),
      /not authorised/,
      { publicKey: generateKeyPair().publicKey },
    ],
    [
      'the name of a service of the hub',
      record({ docs: {} }),
      /has a service of that name/,
      { service: 'server' },
      'server',
    ],
    ['the name of a part of Onitu', record({ docs: {} }), /part of Onitu/, { service: 'referee' }, 'referee'],
  ])('is refused with %s', (_title, stated, problem, change, name) => {
    const { service, problems } = grant(stated, change, name)
    expect(service).toBeUndefined()
    expect(problems.join('\n')).toMatch(problem)
  })

  it('hears of everything that is wrong at once', () => {
    expect(grant(record({ secrets: { mode: 'x' }, docs: { nope: 1 } }, [{ ban: ['server'] }])).problems).toHaveLength(5)
  })
})

describe('the setup with the services of clients', () => {
  const merge = (keys: readonly AuthorizedKey[], records: ReadonlyMap<string, RemoteRecord>) =>
    mergeRemotes(setup, records, keys, 'file:///remote.js')
  const laptop = record({ docs: {} }, [{ match: { path: '/work/' }, ban: ['laptop'] }])

  it('has them behind its own, which are as they were', () => {
    const merged = merge([key], new Map([['laptop', laptop]]))
    expect([...merged.setup.services.keys()]).toEqual(['server', 'laptop'])
    expect({ ...merged.setup, services: merged.setup.services.get('server') }).toEqual({ ...setup, services: server })
    expect(merged.setup.services.get('laptop')?.rules).toEqual(laptop.setup.rules)
    expect(merged.resting).toEqual([])
  })

  it('never has one in the place of its own', () => {
    const merged = merge([{ ...key, service: 'server' }], new Map([['server', laptop]]))
    expect(merged.setup).toEqual(setup)
    expect(merged.resting).toEqual([
      { service: 'server', revoked: null, reason: expect.stringContaining('of that name') },
    ])
  })

  it('tells when the key of one was revoked', () => {
    const merged = merge([{ ...key, revoked: 7 }], new Map([['laptop', laptop]]))
    expect(merged.setup).toEqual(setup)
    expect(merged.resting).toEqual([
      { service: 'laptop', revoked: 7, reason: 'its key is not authorised, or was revoked' },
    ])
  })
})
