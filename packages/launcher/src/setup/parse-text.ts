import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { LocatedProblem, Position, Problem } from './problem.ts'

export interface ParsedText {
  readonly value: unknown
  /** Syntax errors. When there are any, `value` is undefined. */
  readonly problems: readonly LocatedProblem[]
  locate(problem: Problem): LocatedProblem
}

/** Parses YAML, or JSON where bare words are errors. Pure: the text is given. */
export function parseText(text: string, format: 'yaml' | 'json'): ParsedText {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    schema: format === 'json' ? 'json' : 'core',
    stringKeys: true,
  })
  const positionOf = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const locate = (problem: Problem) => ({ ...problem, ...positionOf(offsetOf(document, problem)) })
  const problems = document.errors.map((error) => ({ path: [], message: error.message, ...positionOf(error.pos[0]) }))
  if (problems.length > 0) return { value: undefined, problems, locate }
  try {
    return { value: document.toJS(), problems, locate }
  } catch (error) {
    // Aliases that multiply beyond the library's limit ("billion laughs").
    const message = error instanceof Error ? error.message : String(error)
    return { value: undefined, problems: [locate({ path: [], message })], locate }
  }
}

/** The offset of the deepest node on the path that exists: a key that is missing is shown at what should hold it. */
function offsetOf(document: Document, problem: Problem): number {
  let node: unknown = document.contents
  let offset = rangeStart(node) ?? 0
  for (const [index, part] of problem.path.entries()) {
    const step = child(document, node, part)
    if (step === undefined) return offset
    const last = index === problem.path.length - 1
    offset =
      (last && problem.at === 'key' ? rangeStart(step.key) : rangeStart(step.value)) ?? rangeStart(step.key) ?? offset
    node = step.value
  }
  return offset
}

function child(
  document: Document,
  parent: unknown,
  part: string | number,
): { key: unknown; value: unknown } | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part))
    return pair && { key: pair.key, value: pair.value }
  }
  if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
    return { key: undefined, value: node.items[part] }
  }
  return undefined
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}
