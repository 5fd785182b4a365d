import type { Operation } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import type { Setup, SetupService } from './setup.ts'

/**
 * The writes that put a setup into the database, given the keys of the setup that is there (see `oldSetupKeys`). Pure.
 * It is one batch, so nobody ever reads half a setup.
 */
export function planSetup(setup: Setup, oldKeys: readonly string[]): Operation[] {
  const puts = setupEntries(setup)
  const kept = new Set(puts.map(([key]) => key))
  return [
    ...oldKeys.filter((key) => !kept.has(key)).map((key): Operation => ({ type: 'delete', key })),
    ...puts.map(([key, value]): Operation => ({ type: 'put', key, value })),
  ]
}

function setupEntries(setup: Setup): [key: string, value: unknown][] {
  return [
    [keys.session, setup.name],
    // Absent and empty differ: without rules every folder goes everywhere, with none nothing goes anywhere.
    ...(setup.rules === undefined ? [] : ([[keys.rules, setup.rules]] as [string, unknown][])),
    [keys.services, [...setup.services.keys()]],
    ...[...setup.folders].map(([name, options]): [string, unknown] => [keys.folder(name), options]),
    ...[...setup.services.values()].flatMap(serviceEntries),
  ]
}

function serviceEntries(service: SetupService): [key: string, value: unknown][] {
  const { name } = service
  const folders = [...service.folders].flatMap(([folder, { path, options }]): [string, unknown][] => [
    [keys.serviceFolderPath(name, folder), path],
    [keys.serviceFolderOptions(name, folder), options],
  ])
  return [
    [keys.serviceDriver(name), service.driver.name],
    [keys.serviceOptions(name), service.options],
    [keys.serviceFolders(name), [...service.folders.keys()]],
    ...(service.rules === undefined ? [] : ([[keys.serviceRules(name), service.rules]] as [string, unknown][])),
    ...folders,
  ]
}

/** The services that a setup no longer has. */
export function removedServices(setup: Setup, oldServices: readonly string[]): string[] {
  return oldServices.filter((service) => !setup.services.has(service))
}
