/** A server that is measured, and how each of the tools reaches it. */
export interface Remote {
  /** The service of a setup whose folder `data` is this folder of the server, with some more options. */
  service(folder: string, options: Readonly<Record<string, number>>): object
  /** What rclone needs to know it by the name `bench`. */
  readonly rclone: Readonly<Record<string, string>>
  /** A folder that nobody has used yet; it is not there yet. */
  fresh(): string
  close(): Promise<void>
}

export interface RemoteKind {
  readonly name: string
  /** Why it cannot be measured here. */
  problem(): string | undefined
  /** `folder`: where it may keep what it needs. `distance`: ms that each way to it takes longer. */
  start(folder: string, distance: number): Promise<Remote>
}
