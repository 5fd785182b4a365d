import type { OptionValue } from '@onitu/plug'
import type { MajordomoSetup } from './check-majordomo.ts'

/** Options of a folder as they are written in the setup, checked: Referee and Plug read them in this form. */
export type WrittenOptions = Readonly<Record<string, unknown>>

/** A setup that has been checked: drivers are found, paths are absolute, options have their defaults. */
export interface Setup {
  /** The session. */
  readonly name: string
  readonly folders: ReadonlyMap<string, WrittenOptions>
  readonly services: ReadonlyMap<string, SetupService>
  /** As written; undefined when the setup has none, which is another thing than an empty list. */
  readonly rules: readonly unknown[] | undefined
  /** Absent: no services on other machines. */
  readonly majordomo?: MajordomoSetup
}

export interface SetupService {
  readonly name: string
  readonly driver: SetupDriver
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, SetupFolder>
  /** What it lets in of what the rules give it, in the form of rules: those of a client of Majordomo. Absent: all. */
  readonly rules?: readonly unknown[]
}

export interface SetupDriver {
  /** As the manifest has it. */
  readonly name: string
  /** The file URL of the driver's module. */
  readonly url: string
}

export interface SetupFolder {
  /** Absolute, unless the driver has its own notion of a path. */
  readonly path: string
  /** Also holds `mode` where it is written. */
  readonly options: WrittenOptions
}
