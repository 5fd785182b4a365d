import { OnituError } from '@onitu/protocol'

/**
 * What a memory service can be told over its two sockets. A path is that of the service: the path of a folder in the
 * setup, `/`, and the path of the file in the folder. A path in no folder is kept by the service, but reported to nobody.
 *
 * `notify: false` deletes without telling the Plug, as a service would whose notification was lost.
 */
export type MemoryCommand =
  | { readonly type: 'write'; readonly path: string; readonly content: Uint8Array }
  | { readonly type: 'generate'; readonly path: string; readonly size: number }
  | { readonly type: 'read'; readonly path: string }
  | { readonly type: 'exists'; readonly path: string }
  | { readonly type: 'checksum'; readonly path: string }
  | { readonly type: 'list' }
  | { readonly type: 'delete'; readonly path: string; readonly notify: boolean }
  | { readonly type: 'move'; readonly path: string; readonly to: string }
  | { readonly type: 'rmdir'; readonly path: string }

/** @throws OnituError `PROTOCOL` naming what is wrong with a message from a socket. */
export function parseMemoryCommand(value: unknown): MemoryCommand {
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  const type = fields.get('type')
  switch (type) {
    case 'list':
      return { type }
    case 'read':
    case 'exists':
    case 'checksum':
    case 'rmdir':
      return { type, path: text(fields, 'path') }
    case 'write':
      return { type, path: text(fields, 'path'), content: bytes(fields, 'content') }
    case 'generate':
      return { type, path: text(fields, 'path'), size: size(fields, 'size') }
    case 'delete':
      return { type, path: text(fields, 'path'), notify: fields.get('notify') !== false }
    case 'move':
      return { type, path: text(fields, 'path'), to: text(fields, 'to') }
    default:
      throw new OnituError('PROTOCOL', `Expected a command of the memory driver, got the type ${JSON.stringify(type)}`)
  }
}

type Fields = ReadonlyMap<string, unknown>

function text(fields: Fields, name: string): string {
  const value = fields.get(name)
  if (typeof value === 'string' && value !== '') return value
  throw unexpected(name, 'a text', value)
}

function bytes(fields: Fields, name: string): Uint8Array {
  const value = fields.get(name)
  if (value instanceof Uint8Array) return value
  throw unexpected(name, 'bytes', value)
}

function size(fields: Fields, name: string): number {
  const value = fields.get(name)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw unexpected(name, 'a number of bytes', value)
}

function unexpected(name: string, expected: string, value: unknown): OnituError {
  return new OnituError('PROTOCOL', `Expected ${expected} as "${name}", got ${typeof value}`)
}
