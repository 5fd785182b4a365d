import { median } from '../result.ts'
import { markdownTable } from '../table.ts'

/** One task on one server, by tool, in ms; the first tool is compared with the second. */
export interface Row {
  readonly remote: string
  readonly task: string
  readonly times: ReadonlyMap<string, readonly number[]>
}

/** Last column: how many times as fast the first tool is as the second; others are shown only. */
export function comparisonTable(rows: readonly Row[]): string {
  const tools = [...(rows[0]?.times.keys() ?? [])]
  const head = ['server', 'task', ...tools, `${tools[0]} : ${tools[1]}`]
  return markdownTable(
    head,
    rows.map(({ remote, task, times }) => {
      const all = tools.map((tool) => times.get(tool) ?? [])
      const [own, other] = all.map(median)
      return [remote, task, ...all.map(show), own === undefined || other === undefined ? '' : (other / own).toFixed(2)]
    }),
  )
}

function show(times: readonly number[]): string {
  const seconds = (time: number) => (time / 1000).toFixed(2)
  return `${seconds(median(times))} s (${seconds(Math.min(...times))} - ${seconds(Math.max(...times))})`
}
