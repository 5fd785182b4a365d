/**
 * The tests that every driver of Onitu has to pass, for vitest.
 *
 * @module @onitu/test-utils/conformance
 */

export { FaultyProxy } from '../servers/faulty-proxy.ts'
export type { Case, CaseContext, CaseGroup } from './case.ts'
export { caseGroups } from './cases.ts'
export type { Access, DriverDefinition, Fault, Network, Place } from './definition.ts'
export { directoryAccess, directoryPlace } from './directory-place.ts'
export { runCase } from './run-case.ts'
export type { ConformancePlug } from './service/conformance-plug.ts'
export type { RunningService } from './service/running-service.ts'
export { fullDisk, mountSmallDisk, readOnlyDisk, type SmallDisk, smallDiskProblem } from './small-disk.ts'
export { type TestDriverOptions, testDriver } from './test-driver.ts'
