import { isAbsolute } from 'node:path'

/**
 * What a driver's name in the setup may stand for, best first, as module specifiers: a path relative to the setup file,
 * `local-storage` for `@onitu/driver-local-storage`, or a package by its full name.
 */
export function driverCandidates(name: string): readonly string[] {
  if (name.startsWith('./') || name.startsWith('../') || isAbsolute(name) || name.startsWith('file:')) return [name]
  if (name.startsWith('@')) return [name]
  const dashed = name.replaceAll('_', '-')
  return [`@onitu/driver-${dashed}`, name]
}
