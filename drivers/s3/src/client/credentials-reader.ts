import { ServiceError } from '@onitu/plug'
import { readSecret } from '@onitu/plug/kit'
import type { S3Options } from '../options/read-options.ts'
import type { Credentials } from './sign-request.ts'

type Places = Pick<S3Options, 'accessKey' | 'secretKey' | 'sessionToken'>

/** ms for which what was read is used: to read a file costs more than to sign a request, and one that is replaced is to be noticed. */
const AGE = 1_000

/** Gives what to log in with, from the setup, the environment or files. @throws ServiceError when there is nothing, or it cannot be read */
export function credentialsReader(places: Places, now = () => performance.now()): () => Promise<Credentials> {
  let last: { readonly at: number; readonly credentials: Promise<Credentials> } | undefined
  return async () => {
    if (last !== undefined && now() - last.at < AGE) return last.credentials
    const reading = { at: now(), credentials: readCredentials(places) }
    last = reading
    try {
      return await reading.credentials
    } catch (error) {
      if (last === reading) last = undefined
      throw error
    }
  }
}

async function readCredentials({ accessKey, secretKey, sessionToken }: Places): Promise<Credentials> {
  const [access, secret, token] = await Promise.all([accessKey, secretKey, sessionToken].map(readSecret))
  if (access === undefined || secret === undefined) {
    throw new ServiceError(
      'NO_CREDENTIALS',
      'Nothing to log in with: set access_key or access_key_env, and secret_key_env or secret_key_file',
    )
  }
  return { accessKey: access, secretKey: secret, ...(token === undefined ? {} : { sessionToken: token }) }
}
