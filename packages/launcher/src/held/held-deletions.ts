/** Deletions of a service in a folder that wait for somebody to approve or reject them. */
export interface HeldDeletions {
  readonly service: string
  readonly folder: string
  readonly files: number
  readonly directories: number
}
