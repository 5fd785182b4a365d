import { join } from 'node:path'

/** Where the keys of a session are. */
export interface KeyPlaces {
  /** The secret key of the server; the public one, which clients pin, is beside it. */
  readonly serverKey: string
  /** Who may connect. */
  readonly authorizedKeys: string
}

/** `directory` is that of the session, `CONFIG_DIR/NAME`. */
export function keyPlaces(directory: string): KeyPlaces {
  return {
    serverKey: join(directory, 'keys', 'server.key'),
    authorizedKeys: join(directory, 'keys', 'authorized.json'),
  }
}

/** Where `onitu keys generate NAME` puts the keys of a client. */
export function clientKeyPath(configDirectory: string, name: string): string {
  return join(configDirectory, 'keys', `${name}.key`)
}
