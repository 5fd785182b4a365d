import { readFile } from 'node:fs/promises'
import { ServiceError, systemCode } from '@onitu/plug'
import { homePath } from './home-path.ts'
import type { SecretPlaces } from './read-options.ts'

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
  return file === '' ? undefined : readSecretFile(name, file)
}

async function readSecretFile(name: string, file: string): Promise<string> {
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
