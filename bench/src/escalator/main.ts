import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFigures } from '../write-figures.ts'
import { type Contestant, prepare } from './contest.ts'
import { help, type Options, parseOptions } from './options.ts'
import { memoryTable, resultTable, type TaskResult } from './report.ts'
import type { Candidate } from './store.ts'
import { type Task, tasks } from './tasks.ts'

const document = fileURLToPath(new URL('../../escalator.md', import.meta.url))

const options = parseOptions(process.argv.slice(2))
if (options === 'help') console.log(help)
else await main(options)

async function main(options: Options): Promise<void> {
  const folder = mkdtempSync(join(options.folder, 'escalator-bench-'))
  const contestants: Contestant[] = []
  try {
    for (const candidate of options.candidates) contestants.push(await prepare(candidate, folder))
    const text = await contest(contestants, options)
    console.log(text)
    if (options.write) writeFigures(document, text)
  } finally {
    for (const contestant of contestants) await contestant.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function contest(contestants: readonly Contestant[], options: Options): Promise<string> {
  const results: TaskResult[] = []
  for (const task of tasks.filter(({ name }) => name.includes(options.only))) {
    console.error(task.name)
    results.push({ task, figures: await measure(task, contestants, options) })
  }
  const memory = contestants.flatMap((contestant) => {
    const { candidate, idleMemory: idle } = contestant
    const afterwards = contestant.memory()
    return idle === undefined || afterwards === undefined ? [] : [{ candidate, idle, afterwards }]
  })
  return [machine(options), resultTable(results, options.candidates), memoryTable(memory)].join('\n\n')
}

/** They take turns, so that what else the machine does meets all of them. */
async function measure(task: Task, contestants: readonly Contestant[], { runs, duration }: Options) {
  const figures = new Map<Candidate, number[]>()
  for (let run = 0; run < runs; run++) {
    for (const contestant of contestants) {
      const figure = await contestant.run(task, duration)
      if (figure === undefined) continue
      const sofar = figures.get(contestant.candidate) ?? []
      figures.set(contestant.candidate, [...sofar, figure])
    }
  }
  return figures
}

function machine({ runs, duration }: Options): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'processor'
  return `Medians of ${runs} runs of ${duration} ms each, in turns, on ${processors.length} x ${model}, ${type()} ${release()}, Node ${process.version}.`
}
