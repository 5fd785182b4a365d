import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { credentialsReader } from './credentials-reader.ts'

describe('the reader of credentials', () => {
  let folder: string
  let now = 0
  const secret = (name: string, more: { value?: string; file?: string }) => ({
    name,
    value: '',
    environment: '',
    file: '',
    ...more,
  })
  const reader = (file: string) =>
    credentialsReader(
      {
        accessKey: secret('access_key', { value: 'me' }),
        secretKey: secret('secret_key', { file }),
        sessionToken: secret('session_token', {}),
      },
      () => now,
    )

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'onitu-credentials-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('reads a file again after a second, and not for each request', async () => {
    const file = join(folder, 'secret')
    writeFileSync(file, 'first\n')
    const read = reader(file)
    expect(await read()).toEqual({ accessKey: 'me', secretKey: 'first' })
    writeFileSync(file, 'second\n')
    now += 999
    expect((await read()).secretKey).toBe('first')
    now += 1
    expect((await read()).secretKey).toBe('second')
  })

  test('remembers no failure', async () => {
    const file = join(folder, 'secret')
    const read = reader(file)
    await expect(read()).rejects.toMatchObject({ code: 'NO_SECRET' })
    writeFileSync(file, 'there now')
    expect((await read()).secretKey).toBe('there now')
  })

  test('says what to set where there is nothing', async () => {
    await expect(reader('')()).rejects.toMatchObject({ code: 'NO_CREDENTIALS' })
  })
})
