import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { CONTROL_DIRECTORY } from '@onitu/protocol'
import type { Random } from './random.ts'

interface Tree {
  readonly files: readonly string[]
  readonly directories: readonly string[]
}

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']
const LARGEST = 20_000

interface Turn extends Tree {
  /** A name that is probably not taken. */
  readonly free: string
  readonly random: Random
}

type Change = (turn: Turn) => void

const withFile =
  (change: (file: string, turn: Turn) => void): Change =>
  (turn) => {
    if (turn.files.length > 0) change(turn.random.pick(turn.files), turn)
  }

const create: Change = ({ free, random }) => {
  if (!existsSync(free)) writeFileSync(free, random.bytes(random.below(LARGEST)))
}

/** As often as they stand here: mostly files are made, or the tree would stay empty. */
const CHANGES: readonly Change[] = [
  create,
  create,
  ({ free }) => makeDirectory(free),
  withFile((file, { random }) => appendFileSync(file, random.bytes(random.below(LARGEST)))),
  withFile((file) => rmSync(file)),
  withFile((file, { free }) => move(file, free)),
  withFile((file, { random }) => chmodSync(file, random.pick([0o644, 0o600, 0o640]))),
  ({ directories, random, free }) => {
    if (directories.length > 0) move(random.pick(directories), free)
  },
]

/** One change of a user somewhere below `root`, chosen by `random`: what cannot be done there leaves it as it is. */
export function changeAtRandom(root: string, random: Random): void {
  const tree = listTree(root)
  const directory = random.pick([root, ...tree.directories])
  const free = join(directory, `${random.pick(NAMES)}-${random.below(40)}`)
  random.pick(CHANGES)({ ...tree, free, random })
}

function makeDirectory(path: string): void {
  if (!existsSync(path)) mkdirSync(path)
}

/** Not into itself, and onto nothing that is there. */
function move(path: string, to: string): void {
  if (existsSync(to) || `${dirname(to)}/`.startsWith(`${path}/`)) return
  renameSync(path, to)
}

function listTree(root: string): Tree {
  const files: string[] = []
  const directories: string[] = []
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (path.slice(root.length).split('/').includes(CONTROL_DIRECTORY)) continue
    if (entry.isDirectory()) directories.push(path)
    else files.push(path)
  }
  return { files: files.sort(), directories: directories.sort() }
}
