import { Failure } from '../failure.ts'
import type { WorkerMethods } from '../messages.ts'
import { createDirectory, deleteFile, moveFile, setAttributes } from './changes-in-place.ts'
import { HistoryReads } from './history-reads.ts'
import { Observer, type ObserverHooks } from './observer.ts'
import { requireFolder } from './parents.ts'
import { Reads } from './reads.ts'
import { SmallWrites } from './small-writes.ts'
import { Uploads } from './uploads.ts'

const CLEAN_INTERVAL = 60 * 60 * 1000

interface Parts {
  readonly observer: Observer
  readonly reads: Reads
  readonly historyReads: HistoryReads
  readonly writes: SmallWrites
  readonly uploads: Uploads
  readonly cleaning: NodeJS.Timeout
}

/** Everything the worker does, by the names under which the main thread asks for it. */
export class LocalFolders {
  readonly #hooks: ObserverHooks
  #parts: Parts | undefined

  constructor(hooks: ObserverHooks) {
    this.#hooks = hooks
  }

  readonly methods: WorkerMethods = {
    start: async ({ folders: places, fsync, scanInterval }) => {
      const observer = new Observer(places, this.#hooks)
      const { folders, aside } = observer
      const uploads = new Uploads({ folders, aside, fsync })
      const cleaning = setInterval(() => this.#clean(), CLEAN_INTERVAL).unref()
      this.#parts = {
        observer,
        reads: new Reads(folders),
        historyReads: new HistoryReads(folders),
        writes: new SmallWrites({ folders, aside, fsync }),
        uploads,
        cleaning,
      }
      await observer.start(scanInterval)
      this.#clean()
    },
    known: async ({ folder, files }) => this.#use().observer.folders.get(folder)?.addKnown(files),
    catchUp: () => this.#use().observer.catchUp(),
    close: () => this.#close(),
    getFile: async (input) => this.#use().reads.whole(input),
    getChunk: async (input) => this.#use().reads.chunk(input),
    localPath: async (input) => this.#use().reads.place(input),
    uploadFile: (write) => {
      const { uploads, writes } = this.#use()
      uploads.supersede(write.target)
      return writes.write(write)
    },
    startUpload: async ({ target, token }) => this.#use().uploads.start(target, token),
    restartUpload: async ({ target, offset }) => this.#use().uploads.restart(target, offset),
    copyChunk: async ({ target, from, offset, size }) => this.#use().uploads.copy(target, from, offset, size),
    uploadChunk: async ({ target, offset, chunk }) => this.#use().uploads.chunk(target, offset, chunk),
    stagingDirectory: async (folder) => this.#use().uploads.staging(folder),
    adoptFile: async ({ target, from }) => this.#use().uploads.adopt(target, from),
    endUpload: ({ target, token, replaced }) => this.#use().uploads.end(target, token, replaced),
    abortUpload: async ({ target }) => this.#use().uploads.abort(target),
    deleteFile: async ({ target, token }) => {
      const { uploads, observer } = this.#use()
      uploads.supersede(target)
      deleteFile(observer.folders, target, token)
    },
    moveFile: async ({ from, to, token }) => moveFile(this.#use().observer.folders, from, to, token),
    setAttributes: async ({ target, token }) => setAttributes(this.#use().observer.folders, target, token),
    createDirectory: async ({ target }) => createDirectory(this.#use().observer.folders, target),
    listHistory: ({ folder, hashes }) =>
      requireFolder(this.#use().observer.folders, folder).history.list(new Set(hashes)),
    getHistoryChunk: async (input) => this.#use().historyReads.chunk(input),
  }

  #use(): Parts {
    if (this.#parts === undefined) throw new Failure('service', 'CLOSED', 'The folders are not open')
    return this.#parts
  }

  #clean(): void {
    const { uploads, observer } = this.#use()
    uploads.clean(Date.now())
    // A history that cannot be cleaned says so itself; anything else is a mistake in this package and must show.
    for (const { root, history } of observer.folders.values()) if (root !== undefined) void history.clean(Date.now())
  }

  async #close(): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    if (parts === undefined) return
    clearInterval(parts.cleaning)
    parts.reads.close()
    parts.historyReads.close()
    parts.uploads.close()
    await parts.observer.close()
  }
}
