import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type LocalStorageDriver, snapshotTree, temporaryFiles } from '@onitu/test-utils'
import { expect } from 'vitest'
import { inParallel } from '../support/in-parallel.ts'
import type { S3Driver } from '../support/s3-driver.ts'
import type { SftpDriver } from '../support/sftp-driver.ts'

export interface Remotes {
  readonly local: LocalStorageDriver
  readonly sftp: SftpDriver
  readonly s3: S3Driver
}

/** Above this an object is uploaded by parts, and its content has to be read to be known. */
const ONE_PART = 8 * 1024 * 1024

/**
 * The folder of this machine and the one behind SFTP are equal but for the fractions of seconds, which SFTP has not; the contents in S3 are the same
 * under the same names; nothing else is left anywhere. Gives how many files there are.
 */
export async function expectEqualRemotes({ local, sftp, s3 }: Remotes): Promise<number> {
  const root = local.folderPath('default')
  const [here, there] = await Promise.all([root, sftp.folderPath('default')].map((path) => snapshotTree(path)))
  expect(wholeSeconds(there)).toEqual(wholeSeconds(here))
  for (const service of [local, sftp]) expect(await temporaryFiles(service.folderPath('default'))).toEqual([])
  const files = Object.keys(here ?? {}).filter((path) => here?.[path]?.startsWith('file'))
  const expected = await inParallel(files, 16, async (path) => [path, md5(await readFile(join(root, path)))] as const)
  expect(Object.fromEntries(await contentsOf(s3))).toEqual(Object.fromEntries(expected))
  return files.length
}

/** MD5 by name. */
async function contentsOf(s3: S3Driver): Promise<(readonly [string, string])[]> {
  const root = s3.folderPath('default')
  const listed = [...(await s3.listing(root))].filter(([name]) => !name.startsWith('.onitu/'))
  return inParallel(listed, 4, async ([name, { bytes, hash }]) => [
    name,
    bytes > ONE_PART ? md5(await s3.read(`${root}/${name}`)) : hash,
  ])
}

function wholeSeconds(tree: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, line]) => [path, line.replace(/^(file \d+ \d+)\d{6} /, '$1 ')]),
  )
}

function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}
