/**
 * A database of an Escalator server as an abstract-level database.
 *
 * @module @onitu/escalator/level
 */
export { EscalatorLevel, type EscalatorLevelOptions } from './escalator-level.ts'
