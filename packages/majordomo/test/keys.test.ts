import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyOf } from '@onitu/escalator/messaging'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { authorize, revoke } from '../src/keys/authorize.ts'
import { createKeyFiles, parsePublicKey, readOrCreateKeys, readPublicKey, readSecretKey } from '../src/keys/key-file.ts'
import { changeAuthorizedKeys, readAuthorizedKeys, watchAuthorizedKeys } from '../src/keys/key-list.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onitu-test-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const code = (wanted: string) => expect.objectContaining({ code: wanted })

describe('key files', () => {
  it('are a secret one for nobody else, and a line with the public key and the name', async () => {
    const path = join(directory, 'new', 'laptop.key')
    const pair = await createKeyFiles(path, 'my laptop')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(directory, 'new'))).mode & 0o777).toBe(0o700)
    expect(await readFile(`${path}.pub`, 'utf8')).toBe(`${pair.publicKey} my laptop\n`)
    expect(await readSecretKey(path)).toEqual(pair)
    expect(await readPublicKey(`${path}.pub`)).toEqual({ publicKey: pair.publicKey, name: 'my laptop' })
    expect((await readdir(join(directory, 'new'))).toSorted()).toEqual(['laptop.key', 'laptop.key.pub'])
  })

  it('are never overwritten', async () => {
    const path = join(directory, 'a.key')
    const { secretKey } = await createKeyFiles(path, 'a')
    await expect(createKeyFiles(path, 'a')).rejects.toThrow(code('KEY_FILE_EXISTS'))
    expect((await readSecretKey(path)).secretKey).toBe(secretKey)
    expect(await readdir(directory)).toHaveLength(2)
  })

  it.each([0o640, 0o604, 0o660, 0o777])('with mode %o are refused', async (mode) => {
    const path = join(directory, 'a.key')
    const { secretKey } = await createKeyFiles(path, 'a')
    await chmod(path, mode)
    const error = await readSecretKey(path).catch((caught: unknown) => caught)
    expect(error).toEqual(code('KEY_FILE_EXPOSED'))
    expect(String(error)).not.toContain(secretKey)
  })

  it('of the server are made once', async () => {
    const path = join(directory, 'server.key')
    const first = await readOrCreateKeys(path, 'server')
    expect(await readOrCreateKeys(path, 'server')).toEqual(first)
    expect(publicKeyOf(first.secretKey)).toBe(first.publicKey)
  })

  it('may be anything else by mistake, which is said without showing it', async () => {
    const path = join(directory, 'notes.txt')
    await writeFile(path, 'hunter2', { mode: 0o600 })
    await expect(readSecretKey(path)).rejects.toThrow(code('INVALID_KEY_FILE'))
    await expect(readSecretKey(path)).rejects.not.toThrow(/hunter2/)
    await expect(readPublicKey(join(directory, 'none'))).rejects.toThrow(code('NO_KEY_FILE'))
  })

  it('may be sent by mail, quoted, but not the secret one', async () => {
    const { publicKey } = await createKeyFiles(join(directory, 'a.key'), 'a')
    expect(parsePublicKey(`Hello,\r\n\r\n> ${publicKey} laptop\r\n\r\n-- \r\nme`, 'mail')).toEqual({
      publicKey,
      name: 'laptop',
    })
    await expect(readPublicKey(join(directory, 'a.key'))).rejects.toThrow(/secret key, which stays where it is/)
    expect(() => parsePublicKey(`${publicKey}\n${publicKey}\n`, 'two')).toThrow(code('INVALID_KEY_FILE'))
  })
})

describe('the file of authorised keys', () => {
  const keyOf = (name: string, publicKey: string) =>
    ({ name, publicKey, service: name, folders: 'all', mode: 'rw' }) as const

  it('takes changes made at the same time one by one', async () => {
    const list = join(directory, 'keys', 'authorized.json')
    const names = Array.from({ length: 20 }, (_, index) => `k${index}`)
    const pairs = await Promise.all(names.map((name) => createKeyFiles(join(directory, name), name)))
    await Promise.all(
      names.map((name, index) =>
        changeAuthorizedKeys(list, (keys) => authorize(keys, keyOf(name, pairs[index]?.publicKey ?? ''), 1)),
      ),
    )
    expect((await readAuthorizedKeys(list)).map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect((await stat(list)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(directory, 'keys'))).toEqual(['authorized.json'])
  })

  it('is empty when it is not there, and left as it was by a change that fails', async () => {
    const list = join(directory, 'authorized.json')
    expect(await readAuthorizedKeys(list)).toEqual([])
    await expect(changeAuthorizedKeys(list, (keys) => revoke(keys, 'x', 1))).rejects.toThrow(code('KEY_NOT_FOUND'))
    expect(await readdir(directory)).toEqual([])
  })

  it('is watched', async () => {
    const list = join(directory, 'authorized.json')
    const { publicKey } = await createKeyFiles(join(directory, 'a.key'), 'a')
    const told = new Promise<void>((resolve) => {
      const end = watchAuthorizedKeys(list, () => {
        end()
        resolve()
      })
    })
    await changeAuthorizedKeys(list, (keys) => authorize(keys, keyOf('a', publicKey), 1))
    await told
  })
})
