/**
 * Majordomo itself, for whoever runs it in a process of its own making.
 *
 * @module @onitu/majordomo/relay
 */
export { Majordomo, type MajordomoOptions } from './majordomo.ts'
