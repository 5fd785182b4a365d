import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { NewKey } from '@onitu/majordomo/keys'
import { OnituError } from '@onitu/protocol'
import { defaultSetupFile } from '../../session/config-directory.ts'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { checkShape, RESERVED_NAMES } from '../../setup/check-shape.ts'
import { hint } from '../../setup/checker.ts'
import { parseText } from '../../setup/parse-text.ts'

/**
 * What is wrong with a key under the setup is better said here than when its client comes. It is no guarantee: setups change,
 * so the launcher looks again.
 * @throws OnituError `SERVICE_TAKEN`, `UNKNOWN_FOLDER`
 */
export async function checkAgainstSetup(
  { configDirectory, setup }: FindSessionOptions,
  { service, folders }: Pick<NewKey, 'service' | 'folders'>,
): Promise<void> {
  const file = setup ?? defaultSetupFile(configDirectory)
  const known = existsSync(file) ? await namesIn(file) : undefined
  if (RESERVED_NAMES.includes(service) || known?.services.has(service)) {
    const whose = RESERVED_NAMES.includes(service) ? 'a part of Onitu' : `a service in ${file}`
    throw new OnituError(
      'SERVICE_TAKEN',
      `${JSON.stringify(service)} is the name of ${whose}; choose another --service`,
    )
  }
  if (known === undefined || folders === 'all') return
  for (const folder of folders) {
    if (known.folders.has(folder)) continue
    throw new OnituError(
      'UNKNOWN_FOLDER',
      `There is no folder ${JSON.stringify(folder)} in ${file}${hint(folder, known.folders)}`,
    )
  }
}

/** Whatever else is wrong with the file. */
async function namesIn(file: string) {
  const { value } = parseText(await readFile(file, 'utf8'), file.endsWith('.json') ? 'json' : 'yaml')
  const { folders, services } = checkShape(value).written
  return { folders: new Set(folders.keys()), services: new Set(services.keys()) }
}
