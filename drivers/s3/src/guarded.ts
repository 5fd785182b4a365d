import { ChangedError, ConflictError } from '@onitu/plug'
import { isAbsent } from './client/bucket.ts'
import { asOnituError, S3StatusError } from './client/s3-error.ts'

/** Runs what asks the service, and makes its refusals errors of Onitu. */
export async function guarded<R>(doing: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof S3StatusError)) throw error
    if (error.status === 412 || error.status === 409)
      throw new ConflictError(`${doing}: it has changed meanwhile`, { cause: error })
    if (isAbsent(error)) throw new ChangedError(`${doing} failed: it is gone`, { cause: error })
    throw asOnituError(error)
  }
}
