import { readFile } from 'node:fs/promises'
import { ServiceError, systemCode } from '@onitu/plug'
import { homePath } from './home-path.ts'

/** Where a secret may be; empty texts stand for nowhere. */
export interface SecretPlaces {
  readonly name: string
  readonly value: string
  readonly environment: string
  readonly file: string
}

/** A secret from the option itself, an environment variable or a file (without its last line break); undefined when none is named. */
export async function readSecret({ name, value, environment, file }: SecretPlaces): Promise<string | undefined> {
  if (value !== '') return value
  if (environment !== '') {
    const found = process.env[environment]
    if (found !== undefined && found !== '') return found
    throw new ServiceError(
      'NO_SECRET',
      `The option ${name}_env names the environment variable ${environment}, which is not set for this process`,
    )
  }
  if (file === '') return undefined
  try {
    return (await readFile(homePath(file), 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    const reason = systemCode(error) ?? 'unknown reason'
    throw new ServiceError(
      'NO_SECRET',
      `The file that the option ${name}_file names cannot be read (${reason}): ${file}`,
    )
  }
}
