import { v5 } from 'uuid'

const NAMESPACE = 'bcd336f2-d023-4856-bc92-e79dd24b64d7'

/** The identity of a path in a folder, the same on every machine: uuid v5 of `FOLDER:PATH`. */
export function fileId(folder: string, path: string): string {
  return v5(`${folder}:${path}`, NAMESPACE)
}

const FID = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

export function isFileId(value: unknown): value is string {
  return typeof value === 'string' && FID.test(value)
}
