/**
 * What drivers of services on the network have in common: looking again and again, keeping to limits, and reading secrets.
 *
 * @module @onitu/plug/kit
 */
export { Limiter } from '../limiter.ts'
export { homePath } from './home-path.ts'
export { Pace, paceOptions } from './pace.ts'
export { Pacer, type PacerOptions } from './pacer.ts'
export { nextPoll, type PollLimits } from './poll-schedule.ts'
export { readSecret, type SecretPlaces, secretPlaces } from './read-secret.ts'
export { reconcileKnown, UNSURE } from './reconcile-known.ts'
export { Timer } from './timer.ts'
export { Turns } from './turns.ts'
export { WorkInProgress } from './work-in-progress.ts'
