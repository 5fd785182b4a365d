/**
 * The `onitu` command, and what it is made of for those who run a session from their own program.
 *
 * @module @onitu/launcher
 */

export type { DescribedEvent } from './bus/described-event.ts'
export type { ConflictCopy, ConflictedFile, ConflictSide, Resolution } from './conflicts/conflicted-file.ts'
export type { KeysChanged, ServiceAction } from './control/messages.ts'
export { type ExitStatus, exitStatus } from './exit-status.ts'
export type { HeldDeletions } from './held/held-deletions.ts'
export type { HeldVerdict, JudgedDeletions } from './held/judge-held.ts'
export type { FileHistory, FileVersion, Holder, Keeper } from './history/file-history.ts'
export type { FileArgument } from './history/locate-file.ts'
export type { RestoreResult } from './history/restore-version.ts'
export { Launcher, type LauncherOptions } from './launcher.ts'
export { defaultConfigDirectory, defaultSetupFile } from './session/config-directory.ts'
export type { SessionFile } from './session/session-file.ts'
export { isAlive, readSessionFile, sessionFilePath } from './session/session-file.ts'
export type { MajordomoLimits, MajordomoSetup } from './setup/check-majordomo.ts'
export { type LoadDriver, type LoadedDriver, loadDriver } from './setup/load-driver.ts'
export { type ParseOptions, parseSetup } from './setup/parse-setup.ts'
export type { LocatedProblem, Position, Problem, SetupPath } from './setup/problem.ts'
export { readSetup } from './setup/read-setup.ts'
export type { Setup, SetupDriver, SetupFolder, SetupService, WrittenOptions } from './setup/setup.ts'
export { SetupError } from './setup/setup-error.ts'
export type {
  ConflictStatus,
  FailedFile,
  ProcessStatus,
  RemoteStatus,
  RemotesStatus,
  ServiceCounts,
  ServiceStatus,
  Status,
} from './status/status.ts'
export { defaultRestartPolicy, type RestartPolicy } from './supervisor/restart-policy.ts'
export type { ProcessState } from './supervisor/supervised-process.ts'
export type { PendingService } from './wait/pending.ts'
export type { ServiceProblem } from './wait/service-problems.ts'
export type { WaitResult } from './wait/wait-until-quiet.ts'
