import type { DriverDefinition, Place } from './definition.ts'
import type { OpenOptions } from './service/bench.ts'
import type { RunningService } from './service/running-service.ts'

/** What a case works with. All of it is ended and removed after the case. */
export interface CaseContext {
  readonly definition: DriverDefinition
  readonly place: Place
  /** Starts the driver on the place. A second one knows what the one before knew. */
  open(options?: OpenOptions): Promise<RunningService>
  /** Starts it and waits until it has looked at everything. */
  openSettled(options?: OpenOptions): Promise<RunningService>
  /** Done after the case, last first. */
  afterwards(task: () => Promise<void>): void
}

/** One behaviour that every driver must have, or that every driver with certain capabilities must have. */
export interface Case {
  readonly title: string
  readonly run: (context: CaseContext) => Promise<void>
}

export interface CaseGroup {
  readonly title: string
  /** The cases that a driver has to pass; those it need not pass are left out. */
  /** False: they disturb what others may be using. Default true. */
  readonly concurrent?: boolean
  readonly cases: (definition: DriverDefinition) => readonly Case[]
}

/** The cases, or none of them. */
export function when(condition: boolean, cases: readonly Case[]): readonly Case[] {
  return condition ? cases : []
}
