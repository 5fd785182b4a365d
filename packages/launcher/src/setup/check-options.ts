import type { Manifest, OptionDeclaration, OptionValue } from '@onitu/plug'
import { parseSize } from '@onitu/referee'
import { Checker, describeValue, hint, type Written } from './checker.ts'
import type { Problem, SetupPath } from './problem.ts'

/** The options that every driver has. `chunk_size` is absent unless it is written: the Plug and the driver then choose. */
const COMMON_KEYS = ['velocity', 'chunk_size'] as const

export interface CheckedOptions {
  readonly options: Readonly<Record<string, OptionValue>>
  readonly problems: readonly Problem[]
}

/** The written options of a service against its driver's manifest; gives them with defaults, sizes in bytes. */
export function checkOptions(written: Written, manifest: Manifest, path: SetupPath): CheckedOptions {
  const checker = new Checker()
  const known = new Set([...Object.keys(manifest.options), ...COMMON_KEYS])
  checker.keys(written, path, known, `option of ${manifest.name}`)
  const options: Record<string, OptionValue> = { velocity: manifest.velocity }
  for (const [name, declaration] of Object.entries(manifest.options)) {
    const value = own(written, name) ?? declaration.default
    if (value === undefined)
      checker.problem(path, `the option "${name}" of ${manifest.name} is required (${declaration.description})`)
    else checkOption(checker, value, declaration, [...path, name], options, name)
  }
  checkCommon(checker, written, manifest, path, options)
  return { options, problems: checker.problems }
}

function checkOption(
  checker: Checker,
  value: unknown,
  declaration: OptionDeclaration,
  path: SetupPath,
  options: Record<string, OptionValue>,
  name: string,
): void {
  const meant = declaration.type === 'size' ? (parseSize(value) ?? value) : value
  const expected = mismatch(meant, declaration)
  if (expected === undefined) options[name] = meant as OptionValue
  else checker.problem(path, `expected ${expected}, got ${describeValue(value)}`)
}

function checkCommon(
  checker: Checker,
  written: Written,
  manifest: Manifest,
  path: SetupPath,
  options: Record<string, OptionValue>,
): void {
  const velocity = own(written, 'velocity')
  if (velocity !== undefined && manifest.options.velocity === undefined) {
    const declaration: OptionDeclaration = { type: 'float', description: '', min: 0, max: 1 }
    checkOption(checker, velocity, declaration, [...path, 'velocity'], options, 'velocity')
  }
  const chunkSize = own(written, 'chunk_size')
  if (chunkSize === undefined || manifest.options.chunk_size !== undefined) return
  const bytes = parseSize(chunkSize)
  if (bytes !== undefined && bytes >= 1) options.chunk_size = bytes
  else
    checker.problem(
      [...path, 'chunk_size'],
      `expected a size of at least 1 byte such as 4M, got ${describeValue(chunkSize)}`,
    )
}

/** What was expected, or undefined when the value fits. */
function mismatch(value: unknown, declaration: OptionDeclaration): string | undefined {
  switch (declaration.type) {
    case 'string':
      return typeof value === 'string' ? undefined : 'a text'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'enumerate': {
      const values = declaration.values ?? []
      if (typeof value === 'string' && values.includes(value)) return undefined
      return `one of ${values.join(', ')}${typeof value === 'string' ? didYouMeanOnly(value, values) : ''}`
    }
    case 'size':
      return Number.isSafeInteger(value) && inRange(value as number, declaration)
        ? undefined
        : `a size${range(declaration)} such as 4M`
    case 'integer':
      return Number.isSafeInteger(value) && inRange(value as number, declaration)
        ? undefined
        : `an integer${range(declaration)}`
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) && inRange(value, declaration)
        ? undefined
        : `a number${range(declaration)}`
  }
}

function didYouMeanOnly(value: string, values: readonly string[]): string {
  const text = hint(value, new Set(values))
  return text.startsWith(', did') ? ` (${text.slice(2)})` : ''
}

function inRange(
  value: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: OptionDeclaration,
): boolean {
  return value >= min && value <= max
}

function range({ min, max }: OptionDeclaration): string {
  if (min !== undefined && max !== undefined) return ` between ${min} and ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

/** What stands in the map itself; `name:` with nothing after it counts as left out. */
function own(written: Written, name: string): unknown {
  return Object.hasOwn(written, name) ? (written[name] ?? undefined) : undefined
}
