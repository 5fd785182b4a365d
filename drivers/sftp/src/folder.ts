import { type DriverPlug, type OnituError, ServiceError, type ServiceFolder } from '@onitu/plug'
import type { Session } from './connection/session.ts'
import { FolderIndex } from './folder-index.ts'
import { MARKER } from './paths.ts'
import { acceptRoot } from './root.ts'

/** A folder of this service: its root on the server, whether that is the right one, and what is known to be in it. */
export class Folder {
  readonly name: string
  readonly root: string
  readonly index = new FolderIndex()
  /** Absolute names of files written aside that could not be removed when the connection was lost. */
  readonly leftovers = new Set<string>()
  readonly #place: ServiceFolder
  readonly #plug: DriverPlug
  #known: boolean
  /** Of the connection on which it was. */
  #accepted: object | undefined
  #accepting: Promise<void> | undefined
  #available: boolean | undefined

  constructor(place: ServiceFolder, plug: DriverPlug) {
    this.#place = place
    this.#plug = plug
    this.#known = place.known
    this.name = place.name
    this.root = rootOf(place.path)
  }

  absolute(path: string): string {
    return path === '' ? this.root : `${this.root}/${path}`
  }

  get isAvailable(): boolean {
    return this.#available === true
  }

  /** The root is the right one; looked at again on each new connection, for it may be another server or another disk. */
  async require(session: Session): Promise<void> {
    if (this.#accepted === session.link) return
    this.#accepting ??= this.#accept(session).finally(() => {
      this.#accepting = undefined
    })
    await this.#accepting
  }

  /** Nothing is at a path: true only while the root is still the right one. @throws ServiceError otherwise */
  async requireMarker(session: Session): Promise<void> {
    if ((await session.lstat(this.absolute(MARKER))) !== undefined) return
    this.#accepted = undefined
    throw new ServiceError(
      'UNAVAILABLE',
      `The folder ${this.root} is not there or has lost its marker ${MARKER}: it may be unmounted, moved or emptied`,
    )
  }

  async available(): Promise<void> {
    if (this.#available === true) return
    await this.reload()
    await this.#plug.setAvailable(this.name, true)
    this.#available = true
    this.#known = true
  }

  /** What is known may be wrong: it is read again from the Plug. */
  async reload(): Promise<void> {
    const listed = new Map<string, string>()
    for await (const { path, token } of this.#plug.list(this.name)) listed.set(path, token)
    this.index.learn(listed)
  }

  async unavailable(error: OnituError): Promise<void> {
    if (this.#available !== false) this.#plug.logger.warn(`The folder ${this.name} cannot be reached: ${error.message}`)
    this.#available = false
    this.#accepted = undefined
    await this.#plug.setAvailable(this.name, false, error.message)
  }

  async #accept(session: Session): Promise<void> {
    const problem = await acceptRoot(session, { root: this.root, identity: this.#place.identity }, this.#known)
    if (problem !== undefined) throw new ServiceError('UNAVAILABLE', problem)
    this.#accepted = session.link
  }
}

/** Relative paths, also those that begin with `~/`, begin where the server puts whoever logs in. */
function rootOf(path: string): string {
  const plain = path.replace(/^~\/?/, '').replace(/\/+$/, '')
  if (plain !== '') return plain
  return path.startsWith('/') ? '/.' : '.'
}
