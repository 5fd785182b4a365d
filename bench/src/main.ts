import { cpus, release, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { big } from './cases/big.ts'
import { latency } from './cases/latency.ts'
import { many } from './cases/many.ts'
import { restart } from './cases/restart.ts'
import { type CaseName, help, type Options, parseOptions } from './options.ts'
import { findPeers } from './peers.ts'
import type { Memory, Report, Result } from './result.ts'
import { memoryTable, resultTable } from './table.ts'
import { Workplace } from './workplace.ts'
import { writeFigures } from './write-figures.ts'

const cases: Record<CaseName, (workplace: Workplace, options: Options) => Promise<Report>> = {
  many,
  big,
  latency,
  restart,
}
const readme = fileURLToPath(new URL('../README.md', import.meta.url))

const options = parseOptions(process.argv.slice(2))
if (options === 'help') console.log(help)
else await main(options)

async function main(options: Options): Promise<void> {
  const { peers, missing } = await findPeers()
  const results: Result[] = []
  const memory: Memory[] = []
  for (const name of options.cases) {
    console.error(name)
    const workplace = new Workplace(options.folder, peers)
    try {
      const report = await cases[name](workplace, options)
      results.push(...report.results)
      memory.push(...report.memory)
    } finally {
      workplace.close()
    }
  }
  const text = [machine(missing), resultTable(results), memoryTable(memory)].join('\n\n')
  console.log(text)
  if (options.write) writeFigures(readme, text)
}

function machine(missing: readonly string[]): string {
  const processors = cpus()
  const left = missing.length === 0 ? '' : ` Not installed here: ${missing.join(', ')}.`
  return `Measured on ${processors.length} x ${processors[0]?.model.trim() ?? 'processor'}, ${type()} ${release()}, Node ${process.version}.${left}`
}
