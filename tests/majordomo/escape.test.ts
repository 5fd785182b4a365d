import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyPath } from '@onitu/majordomo/keys'
import { contentHash, fileId, isOnituError } from '@onitu/protocol'
import { type Launcher, LocalStorageDriver, snapshotTree, waitUntil } from '@onitu/test-utils'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientLink } from '../../packages/majordomo/src/client/client-link.ts'
import { type IncomingCall, WithContent } from '../../packages/majordomo/src/rpc/answerer.ts'
import { hostileStatement } from '../support/hostile-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'
import { startHostedFolder } from './hosted-service.ts'

const SECRET = 'nobody else may have or change this'
const EVIL = 'evil'
const HANDLERS = ['getFile', 'getChunk', 'uploadFile', 'deleteFile', 'moveFile', 'createDirectory', 'setAttributes']

/** Would be outside of the folder, if anybody took them for what they look like, or followed the links in them. */
const outside = [
  '..',
  '../outside/secret',
  'a/../../outside/secret',
  '/etc/passwd',
  '//outside/secret',
  './../outside/secret',
  '..\0/outside/secret',
  'secret\0.txt',
  'to the directory/secret',
  'to the directory/new',
  'to the directory/new/newer',
  'to the file',
  'to the directory',
  'to nothing',
  '.onitu/folder',
  '.onitu/tmp/x',
  'a//b',
  'a/./b',
  '\ud800/secret',
]
/** Only look like it: names like any other. */
const inside = [
  '..\\..\\outside\\secret',
  'C:\\outside\\secret',
  '\uff0e\uff0e/outside/secret',
  '\u2024\u2024/outside/secret',
  '..\u2215outside\u2215secret',
  '%2e%2e/outside/secret',
  '\ufffd\ufffd/outside/secret',
  '... /secret',
  '\u202e..',
  'e\u0301',
  '\u00e9',
]

let above: string
/** Beside the folder, and linked to from it. */
let beside: string

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'onitu-escape-'))
  beside = join(above, 'outside')
  mkdirSync(beside)
  writeFileSync(join(beside, 'secret'), SECRET)
})
afterEach(() => rm(above, { recursive: true, force: true }))

function plantLinks(root: string): void {
  mkdirSync(root, { recursive: true })
  symlinkSync(beside, join(root, 'to the directory'))
  symlinkSync(join(beside, 'secret'), join(root, 'to the file'))
  symlinkSync(join(beside, 'missing'), join(root, 'to nothing'))
}

/** Of whatever is beside the folder, with times; and that the links are still links. */
async function untouched(root: string): Promise<unknown> {
  const links = ['to the directory', 'to the file', 'to nothing'].map((name) =>
    lstatSync(join(root, name)).isSymbolicLink(),
  )
  return { tree: await snapshotTree(beside, { plainDirectories: false }), links }
}

test('a hostile hub has a client neither read nor write anything outside of its folder', async () => {
  const root = join(above, 'folder')
  plantLinks(root)
  const before = await untouched(root)
  const hosted = await startHostedFolder(root)
  try {
    for (const path of [...outside, ...inside]) {
      for (const [name, args, content] of callsAbout(path)) {
        const answer = await hosted.call(name, args, content).catch((error: unknown) => error)
        expect(JSON.stringify(answer) + text(answer), `${name} of ${JSON.stringify(path)}`).not.toContain(SECRET)
      }
    }
  } finally {
    await hosted.close()
  }
  expect(await untouched(root)).toEqual(before)
  const made = Object.keys(await snapshotTree(root))
  expect(made).toEqual(expect.arrayContaining(inside.map((path) => `up ${path}`)))
  expect(made.filter((path) => path.startsWith('to the directory/'))).toEqual([])
})

describe('a hostile client', () => {
  let setup: RemoteSetup
  let launcher: Launcher
  let server: LocalStorageDriver

  beforeEach(async () => {
    setup = await RemoteSetup.create()
    server = setup.add(new LocalStorageDriver('server'))
    launcher = setup.launcher()
  })
  afterEach(async () => {
    await launcher.close()
    await setup.clean()
  })

  test('has the hub neither read nor write anything outside of the folders of other services', async () => {
    const root = server.folderPath('default')
    plantLinks(root)
    const before = await untouched(root)
    await launcher.start()
    const got: string[] = []
    const link = await open(async ({ args, content, method }) => {
      got.push(`${text(args)} ${text(content)}`)
      if (method === 'getFile' || method === 'getChunk') return new WithContent(null, Buffer.from(EVIL))
      return { token: 'x' }
    })
    try {
      await link.call('start', [])
      await link.call('listen', [HANDLERS])
      const paths = [...outside, ...inside, 'last']
      await Promise.all(paths.map((path, index) => tellOf(link, path, index)))
      const arrived = async (path: string) => (await server.exists(server.path('default', path))) && path
      for (const path of [...inside, 'last'])
        await waitUntil(() => arrived(path), { timeout: 30_000, what: `${path} did not come` })
    } finally {
      link.close()
    }
    await launcher.quit()
    expect(await untouched(root)).toEqual(before)
    expect(got.filter((words) => words.includes(SECRET))).toEqual([])
    const names = Object.keys(await snapshotTree(root)).filter((path) => !path.includes('conflict'))
    // Two that look the same are two files, as they are on the client.
    expect(names.filter((path) => path.normalize() === '\u00e9')).toHaveLength(2)
    expect(names.filter((path) => path.startsWith('to the directory/'))).toEqual([])
  })

  async function open(handle: (call: IncomingCall) => Promise<unknown>): Promise<ClientLink> {
    const { path, publicKey, secretKey } = await setup.newKey(EVIL)
    // By the command, after which the hub knows it.
    await launcher.run('keys', 'authorize', publicKeyPath(path), '--service', EVIL)
    const serverKey = (await launcher.run('keys', 'show')).stdout.split(' ')[0] ?? ''
    const [requests, handlers] = [setup.requests, setup.handlers].map((port) => `tcp://127.0.0.1:${port}`)
    const link = new ClientLink({
      requests: requests ?? '',
      handlers: handlers ?? '',
      curve: { serverKey, publicKey, secretKey },
      setup: hostileStatement('default'),
      handle,
    })
    await link.open()
    return link
  }
})

/** A file that is there, is moved there, and, where it may not be, is gone. What is refused is refused. */
async function tellOf(link: ClientLink, path: string, index: number): Promise<void> {
  const seen = { folder: 'default', path, kind: 'file', size: EVIL.length, mtime: index, token: `t${index}` }
  const from = { folder: 'default', path: `no ${index}` }
  const changes = [
    { type: 'updated', ...seen },
    { type: 'moved', from, ...seen },
    ...(outside.includes(path) ? [{ type: 'deleted', folder: 'default', path }] : []),
    { type: 'updated', ...seen, token: `again ${index}` },
  ]
  for (const change of changes) await ask(link, 'report', [[change]])
  await ask(link, 'getMetadata', ['default', path])
}

/** Whether the hub refuses it or not: what matters is what is there afterwards. That it does not answer at all is a failure. */
async function ask(link: ClientLink, name: string, parameters: readonly unknown[]): Promise<void> {
  try {
    await link.call(name, parameters)
  } catch (error) {
    if (!isOnituError(error) || error.retryable) throw error
  }
}

/** All that a hub can ask of a client about a file, writing last. */
function callsAbout(path: string): [string, unknown[], Uint8Array?][] {
  const file = {
    fid: fileId('default', path),
    folder: 'default',
    path,
    kind: 'file',
    size: EVIL.length,
    mtime: 1,
    mode: 0o644,
    hash: contentHash(Buffer.from(EVIL)),
    mimetype: 'text/plain',
    version: 1,
  }
  const up = { ...file, path: `up ${path}`, fid: fileId('default', `up ${path}`) }
  const content = Buffer.from(EVIL)
  const context = { token: null }
  return [
    ['normalizePath', ['default', path]],
    ['getFile', [file, { token: 'x' }]],
    ['getChunk', [file, 0, 100, { token: 'x' }]],
    ['moveFile', [file, { ...file, path: 'moved' }, context]],
    ['moveFile', [{ ...file, path: 'to the file' }, file, context]],
    ['startUpload', [file, context]],
    ['uploadChunk', [file, 0, context], content],
    ['endUpload', [file, context]],
    ['abortUpload', [file, context]],
    ['uploadFile', [file, context], content],
    ['uploadFile', [up, context], content],
    ['setAttributes', [file, context]],
    ['createDirectory', [{ ...file, kind: 'directory' }, context]],
    ['deleteFile', [file, context]],
  ]
}

/** Whatever bytes are in it, as text. */
function text(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.values(value).map(text).join(' ')
}
