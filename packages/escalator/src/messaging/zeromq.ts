import { createRequire } from 'node:module'

/** libzmq, loaded with its first socket: it takes 40 ms and 9 MB, and commands and clients on other machines do without. */
export function zeromq(): typeof import('zeromq') {
  return createRequire(import.meta.url)('zeromq') as typeof import('zeromq')
}
