import { join } from 'node:path'
import { OnituError } from './errors.ts'

/** Names of the sockets inside a session's runtime directory (mode 0700). */
export type SocketName =
  | 'escalator'
  | 'bus-in'
  | 'bus'
  | 'control'
  | 'referee-wake'
  | 'referee-events'
  | 'majordomo'
  | 'majordomo-control'
  | `plug-${number}`

// sizeof(sun_path) is 108 on Linux and 104 on macOS, the final NUL included.
const MAX_SOCKET_PATH = 103

/** `ipc://DIRECTORY/NAME`. @throws OnituError `ADDRESS_TOO_LONG` when the system could not bind it. */
export function ipcAddress(directory: string, name: SocketName): string {
  const path = join(directory, name)
  const length = Buffer.byteLength(path)
  if (length > MAX_SOCKET_PATH) {
    throw new OnituError(
      'ADDRESS_TOO_LONG',
      `The socket path ${path} has ${length} bytes, the system allows ${MAX_SOCKET_PATH}; set TMPDIR to a shorter directory`,
    )
  }
  return `ipc://${path}`
}
