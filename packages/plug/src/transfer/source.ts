import type { Offer, Wanted, WantedChunk } from './messages.ts'
import type { LocalFile } from './spool.ts'

/** The other services of the session, as sources of content. */
export interface Peers {
  /** A whole content; `size` is what is expected. */
  file(service: string, wanted: Wanted, size: number): Promise<Uint8Array>
  chunk(service: string, wanted: WantedChunk, offset: number, size: number, signal: AbortSignal): Promise<Uint8Array>
  /** A chunk that one of them gave is not needed any more: its memory may be used again. Absent: there is nothing to be done. */
  release?(chunk: Uint8Array): void
  /** A file of this machine that holds the content; absent: there never is one. */
  path?(service: string, wanted: Wanted): Promise<LocalFile | undefined>
  /** A directory where a content that the service will get may be put aside; absent: there never is one. */
  staging?(service: string, folder: string): Promise<string | undefined>
  /** Offers a file of this machine to the service, which says what its hash is once it has uploaded it; undefined: it does not. Absent: none ever does. */
  take?(service: string, offer: Offer): Promise<string | undefined>
  /** How busy the service said it was when it last answered. */
  active(service: string): number
  close(): Promise<void>
}

/** A service that holds the wanted content, under this file id. */
export interface Source {
  readonly service: string
  readonly fid: string
  /** 0..1 */
  readonly velocity: number
}

/** Fastest first, then the least busy, then by name so that the order is always the same. */
export function orderSources(sources: readonly Source[], active: (service: string) => number): Source[] {
  const busy = new Map(sources.map(({ service }) => [service, active(service)]))
  return sources.toSorted(
    (a, b) =>
      b.velocity - a.velocity ||
      (busy.get(a.service) ?? 0) - (busy.get(b.service) ?? 0) ||
      (a.service < b.service ? -1 : a.service > b.service ? 1 : 0),
  )
}
