import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const filesInFolder = 100
const mebibyte = 1024 * 1024

/** A tree of files of equal size and different, incompressible content, a hundred in a folder. */
export function makeTree(root: string, files: number, size: number): void {
  for (let made = 0; made < files; made += 1) {
    const folder = join(root, `folder-${Math.floor(made / filesInFolder)}`)
    if (made % filesInFolder === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file-${made}.bin`), randomBytes(size))
  }
}

/** One file with incompressible content. */
export function makeBigFile(file: string, mebibytes: number): void {
  const descriptor = openSync(file, 'wx')
  try {
    for (let written = 0; written < mebibytes; written += 1) writeSync(descriptor, randomBytes(mebibyte))
  } finally {
    closeSync(descriptor)
  }
}
