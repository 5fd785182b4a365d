import { randomUUID } from 'node:crypto'
import type { DriverPlug, Metadata, Stored, WriteContext } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import type { Folder } from '../folder.ts'
import { requirePath, TEMPORARY_DIRECTORY } from '../paths.ts'
import { guarded } from './guarded.ts'
import { unlinkIfThere } from './state.ts'
import { all, type Flow, FREE, writeOnce, writeRange } from './transfer.ts'
import { commit, finish, storedOf } from './write-file.ts'

type Logger = DriverPlug['logger']

/** Marks temporary files that no later process can go on with. */
export const SMALL_PREFIX = 'small-'

/** Writes a whole content aside and puts it in its place. */
export async function writeSmall(
  session: Session,
  folder: Folder,
  {
    metadata,
    content,
    fsync,
    logger,
  }: {
    readonly metadata: Metadata
    readonly content: Uint8Array
    readonly fsync: boolean
    readonly logger: Logger
  },
  { token, signal }: WriteContext,
  flow: Flow,
): Promise<Stored> {
  const { path } = metadata
  const temporary = folder.absolute(`${TEMPORARY_DIRECTORY}/${SMALL_PREFIX}${randomUUID()}`)
  try {
    return await guarded(session, folder, `Writing "${path}"`, async () => {
      signal.throwIfAborted()
      requirePath(path)
      // As a whole, before anything of it goes: the requests of one file keep their order only where none of them waits.
      await flow.before(content.byteLength)
      // What may be replaced is looked at just before it is: to have sent a small content in vain costs less than to ask twice each time.
      const state = await writeOnce(session, temporary, async (handle) => {
        const [, written] = await all([
          writeRange(session, handle, content, 0, { ...FREE, after: flow.after }),
          finish(session, handle, metadata, { replaced: token, fsync }),
        ])
        return written
      })
      signal.throwIfAborted()
      await commit({ session, folder, path, temporary, state, token })
      return storedOf(state)
    })
  } catch (error) {
    await discard(session, folder, temporary, logger)
    throw error
  }
}

/** After a lost connection it is left for the next one to remove. */
async function discard(session: Session, folder: Folder, temporary: string, logger: Logger): Promise<void> {
  try {
    await unlinkIfThere(session, temporary)
  } catch (error) {
    folder.leftovers.add(temporary)
    logger.debug({ err: error }, `Could not remove ${temporary} yet`)
  }
}
