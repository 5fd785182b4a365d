import { nameProblem } from '@onitu/protocol'
import { didYouMean } from './did-you-mean.ts'
import type { Problem, SetupPath } from './problem.ts'

export type Written = Readonly<Record<string, unknown>>

/** Collects problems while a written value is taken apart; each method gives what is usable, so that checking goes on. */
export class Checker {
  readonly problems: Problem[] = []

  problem(path: SetupPath, message: string, at: 'key' | 'value' = 'value'): void {
    this.problems.push({ path, message, at })
  }

  /** A map; null (`folders:` with nothing after it) is an empty one. */
  map(value: unknown, path: SetupPath, expected: string): Written {
    if (value === null || value === undefined) return {}
    if (typeof value === 'object' && !Array.isArray(value)) return value as Written
    this.problem(path, `expected ${expected}, got ${describeValue(value)}`)
    return {}
  }

  text(value: unknown, path: SetupPath, expected: string): string | undefined {
    if (typeof value === 'string' && value.trim() !== '') return value
    const quote = typeof value === 'number' || typeof value === 'boolean' ? '; write it in quotes' : ''
    this.problem(path, `expected ${expected}, got ${describeValue(value)}${quote}`)
    return undefined
  }

  /** Session, folder and service names. */
  name(name: string, path: SetupPath, what: string, at: 'key' | 'value'): boolean {
    const problem = nameProblem(name)
    if (problem !== undefined) this.problem(path, `the ${what} name ${JSON.stringify(name)} ${problem}`, at)
    return problem === undefined
  }

  keys(map: Written, path: SetupPath, known: Iterable<string>, what: string): void {
    const names = new Set(known)
    for (const key of Object.keys(map)) {
      if (!names.has(key)) this.problem([...path, key], `unknown ${what} "${key}"${hint(key, names)}`, 'key')
    }
  }
}

/** `, did you mean "x"?`, or what there is to choose from. */
export function hint(word: string, known: ReadonlySet<string>): string {
  return didYouMean(word, known) || (known.size === 0 ? '; there are none' : `; known: ${[...known].join(', ')}`)
}

/** What a person wrote, in short. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value)
  return `${typeof value === 'string' ? 'the text' : `the ${typeof value}`} ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`
}
