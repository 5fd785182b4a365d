import mime from 'mime'

/** Types where the table of the mime package (IANA and what servers use; smaller tables lack office and sound formats) differs from what users of Onitu have in their rules. Keys are extensions. */
const OWN: Readonly<Record<string, string>> = {
  js: 'application/javascript',
  mjs: 'application/javascript',
}

/** By the name alone and by our own table, so that the same file has the same type on every machine. */
export function mimetypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  if (dot <= 0) return 'application/octet-stream'
  const extension = name.slice(dot + 1).toLowerCase()
  return OWN[extension] ?? mime.getType(extension) ?? 'application/octet-stream'
}
