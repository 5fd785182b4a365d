import { identityOf, isFileToken, type Token } from '../token.ts'
import type { Found } from './found.ts'

export interface Candidate {
  readonly from: string
  readonly to: Found
}

/**
 * Which files may have been renamed: those that appear with the size and time of one that vanished. SFTP has no inode numbers, so that is no
 * proof: the content of the new file has to be read and compared. Each side is used once; a file of the same name is preferred.
 */
export function findMoves(
  vanished: readonly { readonly path: string; readonly token: Token }[],
  appeared: readonly Found[],
): Candidate[] {
  const gone = new Map<string, string[]>()
  for (const { path, token } of vanished) {
    if (!isFileToken(token)) continue
    const identity = identityOf(token)
    gone.set(identity, [...(gone.get(identity) ?? []), path])
  }
  if (gone.size === 0) return []
  return appeared.flatMap((to) => {
    const paths = isFileToken(to.token) ? gone.get(identityOf(to.token)) : undefined
    const [first] = paths ?? []
    if (paths === undefined || first === undefined) return []
    const from = paths.find((path) => nameOf(path) === nameOf(to.path)) ?? first
    paths.splice(paths.indexOf(from), 1)
    return [{ from, to }]
  })
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
