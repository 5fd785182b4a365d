import { DriverError, type DriverPlug, pathProblem } from '@onitu/plug'
import { Folder } from './folder.ts'
import { Watcher } from './watcher.ts'

/** A service with its folders: what the Plug asks is answered by a folder, and what changes in a folder is told to the Plug. */
export function createService(plug: DriverPlug): { start(): Promise<void>; close(): Promise<void> } {
  const folders = new Map([...plug.folders.values()].map((place) => [place.name, new Folder(place)]))
  const watchers = [...folders.values()].map(
    (folder) => new Watcher(plug, folder, Number(plug.options.interval) * 1000),
  )
  const folderOf = (name: string): Folder => {
    const folder = folders.get(name)
    if (folder === undefined)
      throw new DriverError('UNKNOWN_FOLDER', `This service has no folder ${JSON.stringify(name)}`)
    return folder
  }
  const close = async () => {
    await Promise.all(watchers.map((watcher) => watcher.close()))
  }

  plug.handler('normalizePath', async (_folder, path) => {
    const problem = pathProblem(path)
    if (problem !== undefined) throw new DriverError('INVALID_PATH', `The path ${JSON.stringify(path)} ${problem}`)
    return path
  })
  plug.handler('getChunk', (file, offset, size, { token }) =>
    folderOf(file.folder).read(file.path, offset, size, token),
  )
  plug.handler('startUpload', (file, { token, signal }) => {
    signal.throwIfAborted()
    return folderOf(file.folder).startUpload(file, token)
  })
  plug.handler('restartUpload', (file, offset) => folderOf(file.folder).restartUpload(file, offset))
  plug.handler('uploadChunk', (file, offset, chunk) => folderOf(file.folder).writeChunk(file, offset, chunk))
  plug.handler('endUpload', (file, { token, signal }) => {
    signal.throwIfAborted()
    return folderOf(file.folder).endUpload(file, token)
  })
  plug.handler('abortUpload', (file) => folderOf(file.folder).abortUpload(file))
  plug.handler('deleteFile', (file, { token }) => folderOf(file.folder).delete(file.path, token))
  plug.handler('moveFile', (from, to, { token }) =>
    folderOf(from.folder).move(from.path, folderOf(to.folder), to.path, token),
  )
  plug.handler('setAttributes', (file, { token }) => folderOf(file.folder).setAttributes(file, token))
  plug.handler('createDirectory', (file) => folderOf(file.folder).makeDirectory(file.path))
  plug.handler('catchUp', async () => {
    await Promise.all(watchers.map((watcher) => watcher.look()))
  })
  plug.handler('close', close)

  return {
    async start() {
      await Promise.all(watchers.map((watcher) => watcher.start()))
    },
    close,
  }
}
