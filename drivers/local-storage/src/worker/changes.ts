import type { FoundChange } from '../messages.ts'
import type { Vanished } from '../pair-moves.ts'
import type { Found } from './differences.ts'

/** What a look found and needs no reading, in the order in which it makes sense: what leaves a path before what takes it. */
export function changesOf(
  directories: readonly Found[],
  moved: readonly { readonly from: Vanished; readonly to: Found }[],
  vanished: readonly Vanished[],
): FoundChange[] {
  return [
    ...moved.map(movedFile),
    ...vanished.map(({ folder, path }): FoundChange => ({ type: 'deleted', folder, path })),
    ...directories.map(madeDirectory),
  ]
}

/** The times of a directory follow from what happens in it, so they are not carried. */
function madeDirectory({ folder, path, mode, token }: Found): FoundChange {
  return { type: 'updated', kind: 'directory', folder, path, size: 0, mtime: null, mode, token }
}

/** In a folder that is only written. */
export function unreadFile({ folder, path, size, mtime, mode, token }: Found): FoundChange {
  return { type: 'updated', folder, path, size, mtime, mode, token }
}

function movedFile({ from, to }: { readonly from: Vanished; readonly to: Found }): FoundChange {
  const { folder, path, size, mtime, mode, token } = to
  return {
    type: 'moved',
    from: { folder: from.folder, path: from.path },
    fromToken: from.token,
    folder,
    path,
    size,
    mtime,
    mode,
    token,
  }
}
