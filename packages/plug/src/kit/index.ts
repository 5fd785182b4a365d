/**
 * What drivers of services on the network have in common: looking again and again, and reading secrets.
 *
 * @module @onitu/plug/kit
 */
export { homePath } from './home-path.ts'
export { nextPoll, type PollLimits } from './poll-schedule.ts'
export { readSecret, type SecretPlaces, secretPlaces } from './read-secret.ts'
export { Timer } from './timer.ts'
export { Turns } from './turns.ts'
