/**
 * Real servers for the tests of drivers, on loopback, from the packages of the system.
 *
 * @module @onitu/test-utils/servers
 */
export { freePorts } from './free-port.ts'
export { OpenSshServer, openSshProblem } from './open-ssh.ts'
export { SwiftServer, swiftProblem } from './swift.ts'
