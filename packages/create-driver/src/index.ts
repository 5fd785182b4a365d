/**
 * Writes a small complete driver for Onitu.
 *
 * @module @onitu/create-driver
 */
export { type CreateDriverOptions, createDriver, driverNameProblem } from './create-driver.ts'
export { type Output, run } from './run.ts'
