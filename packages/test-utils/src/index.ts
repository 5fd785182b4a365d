/**
 * Helpers to test Onitu and its drivers with real processes.
 *
 * @module @onitu/test-utils
 */
export { Benchmark, type Measurement } from './benchmark/benchmark.ts'
export { BenchmarkData } from './benchmark/benchmark-data.ts'
export { Timer } from './benchmark/timer.ts'
export { Driver, type DriverOptions, type FolderMapping, type WrittenService } from './driver.ts'
export { allFeatures, type DriverFeatures } from './driver-features.ts'
export type { EventFilter, EventHandler, EventMethods, EventOptions } from './event-hub.ts'
export { BooleanLoop, CounterLoop } from './event-loop.ts'
export { type EventMethodName, eventMethodName, eventTypes } from './event-types.ts'
export { type CopyStep, copyFile, createFile, deleteFile, type MoveStep, moveFile, sameContent } from './file-steps.ts'
export { Launcher, type StartOptions } from './launcher.ts'
export { LocalStorageDriver } from './local-storage-driver.ts'
export type { MemoryCommand } from './memory-driver/messages.ts'
export { MemoryDriver } from './memory-driver.ts'
export { type Exit, type OnituProcess, onituScript, type RunResult } from './onitu-command.ts'
export { isRunning, markedProcesses } from './processes.ts'
export { Rule, type WrittenRule } from './rule.ts'
export { type FolderOptions, Setup, type WrittenSetup } from './setup.ts'
export { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts'
export { scaled } from './time-unit.ts'
export { TimeoutError } from './timeout-error.ts'
export { snapshotTree, type TreeOptions, temporaryFiles } from './tree.ts'
export { type WaitUntilOptions, waitUntil } from './wait-until.ts'
