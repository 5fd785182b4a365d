import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { CONTROL_DIRECTORY, isOnituError } from '@onitu/protocol'
import { expect } from 'vitest'
import type { Random } from '../support/random.ts'

/** What users have written (by serial number, and where and when), and what somebody took away who had it before his eyes. */
export interface Ledger {
  readonly written: Map<string, string>
  readonly replaced: Set<string>
}

export function newLedger(): Ledger {
  return { written: new Map(), replaced: new Set() }
}

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']
const LARGEST = 30_000

/**
 * Somebody who works in a folder while Onitu does. What is replaced or deleted is first renamed away and read there, and what
 * is made is linked to a free name: so it is certain what was taken, whatever Onitu does in the same moment.
 */
export class User {
  readonly #root: string
  /** On the same file system, outside of the root. */
  readonly #desk: string
  readonly #name: string
  readonly #ledger: Ledger
  readonly #random: Random
  #serial = 0

  constructor(name: string, root: string, desk: string, ledger: Ledger, random: Random) {
    this.#name = name
    this.#root = root
    this.#desk = join(desk, name)
    this.#ledger = ledger
    this.#random = random
    mkdirSync(this.#desk, { recursive: true })
  }

  /** One change. What cannot be done, because Onitu was there first, is left. */
  act(): void {
    try {
      this.#change()
    } catch (error) {
      if (!isOvertaken(error)) throw error
    }
  }

  #change(): void {
    const files = listFiles(this.#root)
    const action = files.length < 10 ? 0 : this.#random.below(10)
    const free = this.#freePath()
    if (action < 4) this.#write(free)
    else if (action < 6) this.#replace(this.#random.pick(files))
    else if (action < 8) this.#take(this.#random.pick(files))
    else if (!existsSync(free)) renameSync(this.#random.pick(files), free)
  }

  #freePath(): string {
    const { below, pick } = this.#random
    const directory = join(this.#root, ...Array.from({ length: below(3) }, () => pick(NAMES)))
    mkdirSync(directory, { recursive: true })
    return join(directory, `${pick(NAMES)} ${below(60)}.txt`)
  }

  #write(path: string): void {
    const id = `${this.#name}-${++this.#serial}`
    const draft = join(this.#desk, id)
    writeFileSync(draft, `${id}\n${'x'.repeat(this.#random.below(LARGEST))}`)
    try {
      linkSync(draft, path)
      this.#ledger.written.set(id, placeOf(path))
    } finally {
      rmSync(draft)
    }
  }

  #replace(path: string): void {
    this.#take(path)
    this.#write(path)
  }

  #take(path: string): void {
    const away = join(this.#desk, `taken ${++this.#serial}`)
    renameSync(path, away)
    this.#ledger.replaced.add(readId(away))
    rmSync(away)
  }
}

/** What is in the folders was all written by somebody, and what was written is there unless somebody took it away. */
export function expectAllContents(roots: readonly string[], { written, replaced }: Ledger): void {
  const present = new Set(roots.flatMap((root) => [...contentsOf(root)]))
  expect(
    [...present].filter((id) => !written.has(id)),
    'contents that nobody wrote',
  ).toEqual([])
  const lost = [...written].filter(([id]) => !present.has(id) && !replaced.has(id))
  expect(lost, 'contents that nobody took away').toEqual([])
}

export function placeOf(path: string): string {
  return `${path} ${new Date().toISOString()}`
}

/** The serial numbers of all contents below a folder. @throws when one is damaged. */
function contentsOf(root: string): Set<string> {
  return new Set(listFiles(root).map(readId))
}

function readId(path: string): string {
  const text = readFileSync(path, 'utf8')
  const [id = ''] = text.split('\n', 1)
  const rest = text.slice(id.length + 1)
  if (!/^\w+-\d+$/.test(id) || rest !== 'x'.repeat(rest.length)) throw new Error(`${path} holds what nobody wrote`)
  return id
}

function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.split('/')[0] !== CONTROL_DIRECTORY)
    .map((path) => join(root, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .sort()
}

function isOvertaken(error: unknown): boolean {
  return !isOnituError(error) && ['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY'].includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
