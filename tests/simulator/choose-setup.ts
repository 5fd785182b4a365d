import type { Capabilities } from '../../packages/plug/src/contract.ts'
import type { Random } from '../support/random.ts'
import type { Setup } from './setup.ts'
import type { ServiceKind } from './storage.ts'

const NAMES = ['left', 'right', 'third'] as const

const COMPLETE: Capabilities = {
  atomicReplace: true,
  conditionalWrite: true,
  rangedRead: true,
  resumableUpload: true,
  nativeMove: true,
  directories: true,
  mtime: true,
  mode: true,
  caseSensitive: true,
  tokenGranularity: 0,
}

/** ms: the times of SFTP are whole seconds. */
const COARSE = 1000

/** The hub of one seed: two or three services, of any kind and mode, under options and rules. */
export function chooseSetup(seed: number, random: Random): Setup {
  const names = NAMES.slice(0, random.chance(0.6) ? 2 : 3)
  const services = Object.fromEntries(names.map((name) => [name, chooseKind(random, repeating(seed))]))
  const one = random.pick(names)
  const mode = random.chance(0.6) ? 'rw' : random.pick(['r', 'w'] as const)
  const kind = services[one]
  // What is never read has to be looked at without being read.
  if (kind !== undefined)
    services[one] = {
      ...kind,
      mode,
      capabilities: { ...kind.capabilities, ...(mode === 'w' && { rangedRead: true }) },
      tellsHash: kind.tellsHash && mode !== 'w',
    }
  const isPlain = random.chance(0.6)
  return {
    services,
    folder: { ...holding(seed), ...(isPlain ? {} : random.pick(FOLDERS)) },
    rules: isPlain ? undefined : random.pick(RULES),
    meddles: Math.floor(seed / 72) % 3 === 0,
  }
}

const FOLDERS: readonly Setup['folder'][] = [
  {},
  { conflict: 'oldest' },
  { conflict: 'largest' },
  { conflict: ['right', 'left'] },
  { blacklist: ['b/*'] },
  { file_size: { max: 150 } },
]

const RULES: readonly Setup['rules'][] = [
  undefined,
  [{ match: { path: '/' }, sync: NAMES }],
  [
    { match: { path: '/a' }, sync: ['left', 'right'] },
    { match: { path: '/b' }, sync: NAMES },
  ],
  [
    { match: { path: '/' }, sync: NAMES },
    { match: { path: '/b/' }, ban: ['right'] },
  ],
]

/** In a part of the runs a few deletions at once are held already, in another none is, and nothing waits for more of them. */
function holding(seed: number): Setup['folder'] {
  const kind = seed % 4
  if (kind === 0) return {}
  if (kind !== 1) return { hold_deletions: false }
  const round = Math.floor(seed / 4)
  return { hold_deletions: { files: round % 3, share: round % 2 === 0 ? 0 : 0.3 } }
}

/** Not by chance, so that the other runs stay what they were. */
function repeating(seed: number): boolean {
  return Math.floor(seed / 24) % 3 === 0
}

function chooseKind(random: Random, mayTellTwice: boolean): ServiceKind {
  const isPlain = random.chance(0.4)
  const may = () => isPlain || random.chance(0.6)
  const tokens = isPlain ? 'serial' : random.pick(['serial', 'serial', 'coarse', 'content'] as const)
  const mtime = tokens === 'coarse' || (tokens === 'serial' && may())
  const listsLate = !isPlain && random.chance(0.3)
  return {
    mode: 'rw',
    capabilities: {
      ...COMPLETE,
      conditionalWrite: may(),
      rangedRead: may(),
      nativeMove: may(),
      // Of a directory nothing is read that would show that it is there no more.
      directories: may() && !listsLate,
      mtime,
      mode: tokens !== 'content' && may(),
      resumableUpload: may(),
      parallelChunks: may() ? 1 : 3,
      tokenGranularity: tokens === 'coarse' ? COARSE : 0,
    },
    tokens,
    mtimeStep: tokens === 'coarse' ? COARSE : may() ? 1 : 2000,
    seesMoves: tokens === 'serial' && may(),
    tellsHash: !listsLate && random.chance(0.5),
    chunkSize: random.pick([24, 64, 1024]),
    listsLate,
    tellsTwice: mayTellTwice && tokens === 'serial' && !listsLate,
  }
}
