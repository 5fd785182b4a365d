import { readFile } from 'node:fs/promises'
import { systemCode } from '@onitu/protocol'
import type { OptionValue } from '../contract.ts'
import { ServiceError } from '../errors.ts'
import { homePath } from './home-path.ts'

/** Where a secret may be; empty texts stand for nowhere. */
export interface SecretPlaces {
  readonly name: string
  readonly value: string
  readonly environment: string
  readonly file: string
}

/** The options `NAME`, `NAME_env` and `NAME_file` of a service. */
export function secretPlaces(name: string, options: Readonly<Record<string, OptionValue>>): SecretPlaces {
  const text = (option: string) => String(options[option] ?? '')
  return { name, value: text(name), environment: text(`${name}_env`), file: text(`${name}_file`) }
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
