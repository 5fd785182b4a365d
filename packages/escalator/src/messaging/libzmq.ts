import { createRequire } from 'node:module'

type Library = typeof import('zeromq')

let library: Library | undefined

/** libzmq, loaded when it is needed first: a command that only asks and is answered, which goes over our own ZMTP, has no use for it. */
export function libzmq(): Library {
  library ??= createRequire(import.meta.url)('zeromq') as Library
  return library
}
