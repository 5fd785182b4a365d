interface Place {
  readonly folder: string
  readonly path: string
  /** A file is there now that this order will take away. */
  clearsFile: boolean
}

/** Where there are orders, by path: what has to be done before or after what. */
export class PendingPaths {
  #places = new Map<string, Place>()
  #clearing = new Map<string, string>()
  #below = new Map<string, number>()

  add(fid: string, folder: string, path: string, clearsFile: boolean): void {
    const place = this.#places.get(fid)
    if (place !== undefined) {
      if (place.clearsFile !== clearsFile) this.#mark(fid, place, clearsFile)
      return
    }
    const added: Place = { folder, path, clearsFile: false }
    this.#places.set(fid, added)
    if (clearsFile) this.#mark(fid, added, true)
    for (const above of ancestors(path)) {
      const key = keyOf(folder, above)
      this.#below.set(key, (this.#below.get(key) ?? 0) + 1)
    }
  }

  /** Gives the paths (as `keyOf` makes them) below which there is nothing pending any more. */
  remove(fid: string): string[] {
    const place = this.#places.get(fid)
    if (place === undefined) return []
    this.#places.delete(fid)
    this.#mark(fid, place, false)
    const freed: string[] = []
    for (const above of ancestors(place.path)) {
      const key = keyOf(place.folder, above)
      const left = (this.#below.get(key) ?? 1) - 1
      if (left > 0) this.#below.set(key, left)
      else {
        this.#below.delete(key)
        freed.push(key)
      }
    }
    return freed
  }

  has(fid: string): boolean {
    return this.#places.has(fid)
  }

  hasBelow(folder: string, path: string): boolean {
    return this.#below.has(keyOf(folder, path))
  }

  /** The files above a path that have to go first. */
  clearedAbove(folder: string, path: string): string[] {
    if (this.#clearing.size === 0) return []
    return ancestors(path).flatMap((above) => this.#clearing.get(keyOf(folder, above)) ?? [])
  }

  #mark(fid: string, place: Place, clearsFile: boolean): void {
    place.clearsFile = clearsFile
    const key = keyOf(place.folder, place.path)
    if (clearsFile) this.#clearing.set(key, fid)
    else if (this.#clearing.get(key) === fid) this.#clearing.delete(key)
  }
}

export function keyOf(folder: string, path: string): string {
  return `${folder}:${path}`
}

/** The directories that a path is in, nearest first. */
function ancestors(path: string): string[] {
  const found: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) found.push(path.slice(0, at))
  return found
}
