import { existsSync } from 'node:fs'

/** Of the Debian package `faketime`: the one for programs with threads. Undefined where it is not installed. */
export function fakeTimeLibrary(): string | undefined {
  return ['x86_64', 'aarch64']
    .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
    .find((path) => existsSync(path))
}
