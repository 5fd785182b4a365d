import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { CONTROL_DIRECTORY, type ServiceFolder, systemCode } from '@onitu/plug'
import { stateOf } from './state.ts'

/** Where files are while they are written. */
export const TEMPORARY = `${CONTROL_DIRECTORY}/tmp`
const MARKER = `${CONTROL_DIRECTORY}/folder`

/**
 * Why a root cannot be used, or undefined. The first time it is made and marked; afterwards it must have its marker: an empty directory in place of
 * a disk that is not mounted would read as "everything was deleted".
 */
export async function acceptRoot({ path, identity }: ServiceFolder, known: boolean): Promise<string | undefined> {
  const found = await readMarker(`${path}/${MARKER}`)
  if (found === identity) return undefined
  if (found !== undefined) return `${path} belongs to another Onitu folder`
  if (known && (await stateOf(`${path}/${CONTROL_DIRECTORY}`))?.kind !== 'directory') {
    return `The folder ${path} is not there, or has lost its marker ${MARKER}`
  }
  await mkdir(`${path}/${TEMPORARY}`, { recursive: true })
  await writeFile(`${path}/${MARKER}`, identity)
  return undefined
}

async function readMarker(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}
