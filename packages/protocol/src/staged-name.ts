import { randomUUID } from 'node:crypto'

const STAGED = /^staged-(\d{1,10})-[0-9a-f-]{36}$/

/** A new name for a file that this process writes in a staging directory. */
export function stagedName(): string {
  return `staged-${process.pid}-${randomUUID()}`
}

/** The id of the process that wrote it; undefined where it is no such name. For the driver whose directory it is. */
export function stagedBy(name: string): number | undefined {
  const process = STAGED.exec(name)?.[1]
  return process === undefined ? undefined : Number(process)
}
