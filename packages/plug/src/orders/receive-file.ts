import { type FileRecord, isOnituError } from '@onitu/protocol'
import type { Stored } from '../contract.ts'
import { keptContent, metadataOfHead, recordOfStored } from '../metadata.ts'
import type { ContentSearch } from '../transfer/content-search.ts'
import { isEarlyOf } from '../transfer/early-uploads.ts'
import { type Fetcher, fetchWhole, mismatch, withSources } from '../transfer/fetch-content.ts'
import { findSources } from '../transfer/find-sources.ts'
import { receiveChunks } from '../transfer/receive-chunks.ts'
import type { Source } from '../transfer/source.ts'
import type { Topology } from '../transfer/topology.ts'
import { openUpload, type Upload } from '../transfer/upload.ts'
import { dropJournal, finish, type Job, type OrderTools, type Outcome } from './carry-out.ts'
import { whileNoted } from './note-writing.ts'

/** ms */
const NEW_SERVICE_AGE = 1_000

export interface ReceiveTools extends OrderTools, Fetcher {
  /** `maxAge`: ms since it was read; default 30 s. */
  readonly topology: (maxAge?: number) => Promise<Topology>
  readonly search: ContentSearch
}

/** Gets a content from the best source and puts it in its place; `replaces` is the token of what may be there. */
export async function receiveFile(tools: ReceiveTools, job: Job, replaces: string | null): Promise<Outcome> {
  const { engine, driver } = tools
  const { head, loaded } = job
  await driver.checkName(metadataOfHead(head, loaded.record?.extra))
  const sources = await sourcesOf(tools, job)
  const telling = new TransferEvents(tools, job)
  try {
    const outcome =
      head.size <= engine.chunkSize
        ? await receiveWhole(tools, job, replaces, sources, telling)
        : await receiveByChunks(tools, job, replaces, sources, telling)
    return outcome
  } catch (error) {
    telling.aborted(error)
    if (isFull(error)) await makeRoom(tools, job)
    throw error
  }
}

/** Those that hold the content where it should be; if that has failed for a while, those that hold it anywhere. */
async function sourcesOf({ engine, topology, search }: ReceiveTools, job: Job): Promise<readonly Source[]> {
  const { head, loaded, failed } = job
  const find = async (maxAge?: number) => findSources(engine, await topology(maxAge), head, loaded.order.movedFrom)
  const known = await find()
  if (known.length > 0) return known
  // The one that has it may have come since the setup was read.
  const found = await find(NEW_SERVICE_AGE)
  return found.length > 0 || !failed ? found : search.find(head.hash, topology)
}

function isFull(error: unknown): boolean {
  return isOnituError(error) && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

/** A part that was kept to be resumed would take the room that the files which still fit need. */
async function makeRoom(tools: ReceiveTools, job: Job): Promise<void> {
  try {
    await dropJournal(tools, job)
  } catch (error) {
    tools.engine.warn(`Could not remove the part of ${job.head.path} that was written to a full disk`, error)
  }
}

async function receiveWhole(
  tools: ReceiveTools,
  job: Job,
  replaces: string | null,
  sources: readonly Source[],
  telling: TransferEvents,
): Promise<Outcome> {
  const { head, loaded, task } = job
  const content = await withSources(
    tools,
    head,
    sources,
    () => task.throwIfStale(),
    (source) => {
      telling.started(source.service)
      return fetchWhole(tools, head, source)
    },
  )
  tools.progress.count(0, content.byteLength)
  return tools.locks.hold([loaded.fid], async () => {
    task.throwIfStale()
    await dropJournal(tools, job)
    const metadata = metadataOfHead(head, loaded.record?.extra)
    const put = () => tools.driver.uploads.writeWhole(metadata, content, replaces, keptContent(loaded.record, replaces))
    const stored = await tools.commits.expect(() => whileNoted(tools, job, put))
    return end(tools, job, stored, telling)
  })
}

async function receiveByChunks(
  tools: ReceiveTools,
  job: Job,
  replaces: string | null,
  sources: readonly Source[],
  telling: TransferEvents,
): Promise<Outcome> {
  const { head, loaded, task } = job
  const { upload, resumed, isEarly } = await open(tools, job, replaces)
  try {
    if (isEarly) telling.started(head.origin)
    else await receiveFrom(tools, job, sources, { upload, resumed }, telling)
    await upload.written()
  } finally {
    // Whoever works on this file next finds the driver at rest.
    await upload.settled()
  }
  if ((await upload.hash.digest()) !== head.hash) {
    // Which of the sources gave the wrong bytes cannot be told; all of it is fetched again.
    await upload.abort()
    throw mismatch(head, { service: sources.map(({ service }) => service).join(', '), fid: head.fid, velocity: 0 })
  }
  return tools.locks.hold([loaded.fid], async () => {
    task.throwIfStale()
    const stored = await whileNoted(tools, job, () => upload.end(replaces, keptContent(loaded.record, replaces)))
    return end(tools, job, stored, telling)
  })
}

async function receiveFrom(
  tools: ReceiveTools,
  { head, task }: Job,
  sources: readonly Source[],
  { upload, resumed }: Pick<Opened, 'upload' | 'resumed'>,
  telling: TransferEvents,
): Promise<void> {
  const receive = async (source: Source) => {
    if (resumed === undefined) telling.started(source.service)
    else telling.restarted(source, upload.hash.size)
    await receiveChunks(tools, head, source, upload, task.signal, (bytes) => tools.progress.count(0, bytes))
  }
  await withSources(tools, head, sources, () => task.throwIfStale(), receive)
}

interface Opened {
  readonly upload: Upload
  readonly resumed: number | undefined
  /** All of it was uploaded before there was an order: see EarlyUploads. */
  readonly isEarly?: true
}

/** An upload for the same content goes on, whatever version it was begun for. */
async function open(tools: ReceiveTools, job: Job, replaces: string | null): Promise<Opened> {
  const { head, loaded, task } = job
  const early = await tools.early.claim(head, metadataOfHead(head, loaded.record?.extra), task.signal)
  if (early !== undefined) return { upload: early, resumed: undefined, isEarly: true }
  const journal = tools.journals.get(loaded.fid)
  // Of one that was begun before the hash was known its proof at the end tells.
  const usable = journal !== undefined && (journal.hash === head.hash || isEarlyOf(journal.early, head))
  if (!usable) await dropJournal(tools, job)
  const metadata = { ...metadataOfHead(head, loaded.record?.extra), version: usable ? journal.version : head.version }
  return openUpload({ ...tools, head, metadata }, replaces, usable ? journal : undefined)
}

async function end(tools: ReceiveTools, job: Job, stored: Stored, telling: TransferEvents): Promise<Outcome> {
  const record: FileRecord = recordOfStored(job.head, stored, job.loaded.record)
  const outcome = await finish(tools, job, record)
  telling.ended()
  return outcome
}

/** Tells of one transfer: that it began once, and that it ended once. */
class TransferEvents {
  readonly #tools: ReceiveTools
  readonly #job: Job
  #source: string | undefined

  constructor(tools: ReceiveTools, job: Job) {
    this.#tools = tools
    this.#job = job
  }

  started(source: string): void {
    const first = this.#source === undefined
    this.#source = source
    if (first) this.#tools.engine.emit({ type: 'transfer_started', source, ...this.#file() })
  }

  restarted(source: Source, offset: number): void {
    const first = this.#source === undefined
    this.#source = source.service
    if (first) this.#tools.engine.emit({ type: 'transfer_restarted', source: source.service, offset, ...this.#file() })
  }

  ended(): void {
    const source = this.#source ?? ''
    this.#tools.progress.count(1, 0)
    this.#tools.engine.emit({ type: 'transfer_ended', source, size: this.#job.head.size, ...this.#file() })
  }

  aborted(error: unknown): void {
    if (this.#source === undefined) return
    const reason = error instanceof Error ? error.message : String(error)
    this.#tools.engine.emit({ type: 'transfer_aborted', reason, ...this.#file() })
  }

  #file() {
    const { folder, path } = this.#job.head
    return { service: this.#tools.engine.service, folder, path }
  }
}
