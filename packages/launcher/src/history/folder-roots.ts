import { isAbsolute } from 'node:path'
import { realPath } from '../setup/folder-paths.ts'
import type { Setup } from '../setup/setup.ts'
import type { FolderRoot } from './locate-file.ts'

/** Where the folders of all services are on this machine. */
export function folderRoots({ services }: Pick<Setup, 'services'>): FolderRoot[] {
  return [...services.values()].flatMap(({ folders }) =>
    [...folders]
      .filter(([, { path }]) => isAbsolute(path))
      .map(([folder, { path }]) => ({ folder, paths: [path, realPath(path)] })),
  )
}
