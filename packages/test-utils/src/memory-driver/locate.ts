import type { DriverPlug } from '@onitu/plug'

export interface Place {
  readonly folder: string
  readonly path: string
}

type Folders = DriverPlug['folders']

/** Where a path of the service belongs; undefined when it is in no folder. Of nested folders the innermost has it. */
export function locate(folders: Folders, servicePath: string): Place | undefined {
  let found: (Place & { readonly root: number }) | undefined
  for (const { name, path } of folders.values()) {
    if (!servicePath.startsWith(`${path}/`) || path.length < (found?.root ?? 0)) continue
    found = { folder: name, path: servicePath.slice(path.length + 1), root: path.length }
  }
  return found === undefined ? undefined : { folder: found.folder, path: found.path }
}

/** The reverse of `locate`. @throws TypeError when the service has no such folder. */
export function servicePath(folders: Folders, { folder, path }: Place): string {
  const found = folders.get(folder)
  if (found === undefined) throw new TypeError(`This service has no folder ${JSON.stringify(folder)}`)
  return `${found.path}/${path}`
}
