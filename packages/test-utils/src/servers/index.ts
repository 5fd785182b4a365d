/**
 * Real servers for the tests of drivers, on loopback, from the packages of the system, and what may stand between.
 *
 * @module @onitu/test-utils/servers
 */
export { FaultyProxy } from './faulty-proxy.ts'
export { freePorts } from './free-port.ts'
export { OpenSshServer, openSshProblem } from './open-ssh.ts'
export { SwiftServer, swiftProblem } from './swift.ts'
