import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { nameProblem } from '@onitu/protocol'
import { parseSetup } from './parse-setup.ts'
import { parseText } from './parse-text.ts'
import type { Setup } from './setup.ts'
import { SetupError } from './setup-error.ts'

/** @throws SetupError also when the file cannot be read */
export async function readSetup(file: string): Promise<Setup> {
  return parseSetup(await readText(file), { file, directory: dirname(resolve(file)) })
}

/**
 * The name of the session in a setup file, whatever else is wrong with it: commands to a running session must not
 * depend on what somebody is editing meanwhile.
 * @throws SetupError
 */
export async function readSessionName(file: string): Promise<string> {
  const parsed = parseText(await readText(file), file.endsWith('.json') ? 'json' : 'yaml')
  if (parsed.problems.length > 0) throw new SetupError(file, parsed.problems)
  const name =
    typeof parsed.value === 'object' && parsed.value !== null && 'name' in parsed.value ? parsed.value.name : undefined
  if (typeof name === 'string' && nameProblem(name) === undefined) return name
  throw new SetupError(file, [parsed.locate({ path: ['name'], message: 'expected the name of the session' })])
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new SetupError(file, [], cause)
  }
}
