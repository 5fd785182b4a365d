import { median } from '../result.ts'
import { markdownTable } from '../table.ts'

/** One task on one server, by tool, in ms. The tools come in pairs: each of ours, and the one that it is compared with. */
export interface Row {
  readonly remote: string
  readonly task: string
  readonly times: ReadonlyMap<string, readonly number[]>
}

/** After each pair: how many times as fast ours is as the other. */
export function comparisonTable(rows: readonly Row[]): string {
  const tools = pairsOf([...(rows[0]?.times.keys() ?? [])])
  const head = ['server', 'task', ...tools.flatMap(([ours, other]) => [ours, other, 'ratio'])]
  return markdownTable(
    head,
    rows.map(({ remote, task, times }) => {
      const cells = tools.flatMap(([ours, other]) => comparison(times.get(ours) ?? [], times.get(other) ?? []))
      return [remote, task, ...cells]
    }),
  )
}

function comparison(ours: readonly number[], other: readonly number[]): string[] {
  return [show(ours), show(other), (median(other) / median(ours)).toFixed(2)]
}

function pairsOf(tools: readonly string[]): [ours: string, other: string][] {
  return tools.flatMap((ours, at) => {
    const other = tools[at + 1]
    return at % 2 === 0 && other !== undefined ? [[ours, other]] : []
  })
}

function show(times: readonly number[]): string {
  const seconds = (time: number) => (time / 1000).toFixed(2)
  return `${seconds(median(times))} s (${seconds(Math.min(...times))} - ${seconds(Math.max(...times))})`
}
