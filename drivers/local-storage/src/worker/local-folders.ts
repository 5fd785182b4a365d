import { Failure } from '../failure.ts'
import type { WorkerMethods } from '../messages.ts'
import { createDirectory, deleteFile, moveFile, setAttributes } from './changes-in-place.ts'
import { Observer, type ObserverHooks } from './observer.ts'
import { Reads } from './reads.ts'
import { SmallWrites } from './small-writes.ts'
import { Uploads } from './uploads.ts'

const CLEAN_INTERVAL = 60 * 60 * 1000

interface Parts {
  readonly observer: Observer
  readonly reads: Reads
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
      const cleaning = setInterval(() => uploads.clean(Date.now()), CLEAN_INTERVAL).unref()
      this.#parts = {
        observer,
        reads: new Reads(folders),
        writes: new SmallWrites({ folders, aside, fsync }),
        uploads,
        cleaning,
      }
      await observer.start(scanInterval)
      uploads.clean(Date.now())
    },
    known: async ({ folder, files }) => this.#use().observer.folders.get(folder)?.addKnown(files),
    catchUp: () => this.#use().observer.catchUp(),
    close: async () => this.#close(),
    getFile: async (input) => this.#use().reads.whole(input),
    getChunk: async (input) => this.#use().reads.chunk(input),
    uploadFile: ({ target, token, content }) => {
      const { uploads, writes } = this.#use()
      uploads.supersede(target)
      return writes.write(target, token, content)
    },
    startUpload: async ({ target, token }) => this.#use().uploads.start(target, token),
    restartUpload: async ({ target, offset }) => this.#use().uploads.restart(target, offset),
    uploadChunk: async ({ target, offset, chunk }) => this.#use().uploads.chunk(target, offset, chunk),
    endUpload: ({ target, token }) => this.#use().uploads.end(target, token),
    abortUpload: async ({ target }) => this.#use().uploads.abort(target),
    deleteFile: async ({ target, token }) => {
      const { uploads, observer } = this.#use()
      uploads.supersede(target)
      deleteFile(observer.folders, target, token)
    },
    moveFile: async ({ from, to, token }) => moveFile(this.#use().observer.folders, from, to, token),
    setAttributes: async ({ target, token }) => setAttributes(this.#use().observer.folders, target, token),
    createDirectory: async ({ target }) => createDirectory(this.#use().observer.folders, target),
  }

  #use(): Parts {
    if (this.#parts === undefined) throw new Failure('service', 'CLOSED', 'The folders are not open')
    return this.#parts
  }

  #close(): void {
    const parts = this.#parts
    this.#parts = undefined
    if (parts === undefined) return
    clearInterval(parts.cleaning)
    parts.observer.close()
    parts.reads.close()
    parts.uploads.close()
  }
}
