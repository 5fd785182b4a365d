import type { Place } from './messages.ts'
import { identityOf, isFileToken, type Token } from './token.ts'

export interface Vanished extends Place {
  readonly token: Token
}

export interface Pairs<V, A> {
  readonly moved: readonly { readonly from: V; readonly to: A }[]
  readonly appeared: readonly A[]
  readonly vanished: readonly V[]
}

/**
 * A file that vanished and one that appeared are the same, moved, when inode, size and modification time are. Directories are never
 * paired: a renamed directory is its files moved, the old directory gone and a new one made. Each side is used once.
 */
export function pairMoves<V extends Vanished, A extends Vanished>(
  vanished: readonly V[],
  appeared: readonly A[],
): Pairs<V, A> {
  const gone = new Map<string, V>()
  for (const file of vanished) if (isFileToken(file.token)) gone.set(identityOf(file.token), file)
  if (gone.size === 0) return { moved: [], appeared, vanished }
  const moved: { from: V; to: A }[] = []
  const rest: A[] = []
  const paired = new Set<V>()
  for (const file of appeared) {
    const identity = identityOf(file.token)
    const from = isFileToken(file.token) ? gone.get(identity) : undefined
    if (from === undefined) {
      rest.push(file)
      continue
    }
    gone.delete(identity)
    paired.add(from)
    moved.push({ from, to: file })
  }
  return { moved, appeared: rest, vanished: vanished.filter((file) => !paired.has(file)) }
}
