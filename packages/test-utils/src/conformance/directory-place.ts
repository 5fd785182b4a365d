import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemCode } from '@onitu/protocol'
import { snapshotTree } from '../tree.ts'
import type { Access, Place } from './definition.ts'

/** Access to a directory of this machine, for services whose files are in one. */
export function directoryAccess(root: string): Required<Access> {
  const at = (path: string) => join(root, path)
  const parents = (path: string) => mkdir(dirname(at(path)), { recursive: true })
  return {
    async write(path, content) {
      await parents(path)
      await writeFile(at(path), content)
    },
    async read(path) {
      try {
        return await readFile(at(path))
      } catch (error) {
        if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
        throw error
      }
    },
    remove: (path) => rm(at(path), { recursive: true }),
    async rename(path, to) {
      await parents(to)
      await rename(at(path), at(to))
    },
    async makeDirectory(path) {
      await mkdir(at(path), { recursive: true })
    },
    async list() {
      const entries = await readdir(root, { recursive: true })
      return entries.sort()
    },
    async link(path) {
      await symlink(join(dirname(root), 'outside'), at(path))
    },
  }
}

/** A temporary directory, made in `parent`, with the folder in it, and something beside it that nobody may touch. */
export async function directoryPlace(parent = tmpdir()): Promise<Place> {
  const above = await mkdtemp(join(parent, 'onitu-place-'))
  const path = join(above, 'folder')
  await mkdir(path)
  await mkdir(join(above, 'outside'))
  await writeFile(join(above, 'outside', 'file'), 'of somebody else')
  await writeFile(join(above, 'beside'), 'of somebody else')
  return {
    path,
    access: directoryAccess(path),
    outside: async () => [
      (await readdir(above)).sort(),
      await snapshotTree(join(above, 'outside'), { plainDirectories: false }),
    ],
    async hide() {
      const hidden = join(above, 'outside', 'hidden')
      await rename(path, hidden)
      return async () => {
        await rm(path, { recursive: true, force: true })
        await rename(hidden, path)
      }
    },
    remove: () => rm(above, { recursive: true, force: true }),
  }
}
