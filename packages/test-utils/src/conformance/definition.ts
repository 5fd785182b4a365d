import type { DriverPlug, Manifest, OptionValue } from '@onitu/plug'

type Options = Readonly<Record<string, OptionValue>>

/** A driver under test: everything that the conformance suite has to know of it. */
export interface DriverDefinition {
  readonly manifest: Manifest
  /**
   * Does what the driver's own `start` does up to, and without, `plug.listen()`: registers its handlers on this plug and
   * begins to watch. Several may run after one another on one place, as after a crash.
   */
  readonly start: (plug: DriverPlug) => Promise<{ close(): Promise<void> }>
  /** A new, empty place in a real service, for one test. `database`: what `plug.serviceDb` will be, if the driver uses it. */
  readonly place: (database?: DriverPlug['serviceDb']) => Promise<Place>
  /** The driver uses `plug.serviceDb`. Default false. */
  readonly database?: boolean
  /** What the places offer beyond access: the cases for it are run. */
  readonly can?: { readonly hide?: boolean; readonly network?: boolean }
  /** Ways in which the service can refuse. */
  readonly faults?: readonly Fault[]
  /** ms after which a change that was made behind the driver's back has to be known. Default 10,000. */
  readonly noticed?: number
}

/** A folder in a service. What is done here is done behind the driver's back, as a user of the service would. */
export interface Place {
  /** As it would stand in the setup. */
  readonly path: string
  readonly options?: Options
  readonly access: Access
  /** All there is beside the folder, in a form that can be compared. Nothing of it may ever change. */
  readonly outside?: () => Promise<unknown>
  /** A service that is reached over TCP: the suite puts a proxy between. */
  readonly network?: Network
  /** Takes the folder away, as an unmounted disk would; gives it back. */
  readonly hide?: () => Promise<() => Promise<void>>
  /** Texts that may never appear in a log or in a reason. */
  readonly secrets?: readonly string[]
  /** Ends and removes all of it. */
  remove(): Promise<void>
}

/** Paths are relative to the folder. */
export interface Access {
  /** Directories are made on the way. */
  write(path: string, content: Uint8Array): Promise<void>
  /** undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  /** A file, or a directory with all that is in it. */
  remove(path: string): Promise<void>
  /** Directories are made on the way. */
  rename(path: string, to: string): Promise<void>
  /** Only asked of services that have directories. */
  makeDirectory(path: string): Promise<void>
  /** Every name below the folder, sorted: files, directories, what Onitu keeps there, uploads that are not finished. */
  list(): Promise<readonly string[]>
  /** A symbolic link to something outside, for services that have them. */
  link?(path: string): Promise<void>
}

export interface Network {
  readonly host: string
  readonly port: number
  /** The options of a driver that reaches the same service at another address. */
  readonly through: (host: string, port: number) => Options
  /** The access of the place goes through the server, so it does not work while that is stopped. Default false. */
  readonly isOnlyAccess?: boolean
  /** Ends the server, with its connections; gives what starts it again at the same address. */
  readonly stop: () => Promise<() => Promise<void>>
}

export interface Fault {
  /** What is wrong: `a wrong password`. */
  readonly title: string
  /** The code of the error that says so. */
  readonly code: string
  /** `start`: nothing works. `write`: the driver runs, but cannot write. */
  readonly at: 'start' | 'write'
  /** The options to start with, and what undoes it. */
  readonly begin: (place: Place) => Promise<{ readonly options: Options; end(): Promise<void> }>
}
