import { mkdirSync } from 'node:fs'
import { cpus, release, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { takeTurns } from '../cases/copy.ts'
import { makeBigFile, makeTree } from '../make-files.ts'
import { Workplace } from '../workplace.ts'
import { writeFigures } from '../write-figures.ts'
import { awaitCheapFiles } from './await-cheap-files.ts'
import { help, type Options, parseOptions, type RemoteName } from './options.ts'
import { rcloneProblem } from './rclone.ts'
import type { RemoteKind } from './remote.ts'
import { s3 } from './remotes/s3.ts'
import { sftp } from './remotes/sftp.ts'
import { comparisonTable, type Row } from './report.ts'
import { hubTool, type Load, rcloneTool } from './tools.ts'

const kinds: Readonly<Record<RemoteName, RemoteKind>> = { sftp, s3 }
const document = fileURLToPath(new URL('../../drivers.md', import.meta.url))

// Servers and hubs end with this process, which a signal by itself would not let them know.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const options = parseOptions(process.argv.slice(2))
if (options === 'help') console.log(help)
else await main(options)

async function main(options: Options): Promise<void> {
  const wanted = options.remotes.map((name) => kinds[name])
  const problem = (await rcloneProblem()) ?? wanted.map((kind) => kind.problem()).find((one) => one !== undefined)
  if (problem !== undefined) throw new Error(problem)
  const workplace = new Workplace(options.folder, [])
  try {
    await awaitCheapFiles(workplace.root)
    const rows: Row[] = []
    for (const kind of wanted) rows.push(...(await compare(workplace, kind, options)))
    const text = [machine(options), comparisonTable(rows)].join('\n\n')
    console.log(text)
    if (options.write) writeFigures(document, text)
  } finally {
    workplace.close()
  }
}

async function compare(workplace: Workplace, kind: RemoteKind, options: Options): Promise<Row[]> {
  const remote = await kind.start(workplace.root, options.distance)
  try {
    const rows: Row[] = []
    const many = (path: string) => makeTree(path, options.files, 4096)
    const large = (path: string) => makeBigFile(join(path, 'big'), options.bigSize)
    const loads = [
      { title: `${options.files.toLocaleString('en')} files of 4 KiB`, make: many, isKept: true },
      { title: `one file of ${options.bigSize} MiB`, make: large, isKept: false },
    ]
    for (const { title, make, isKept } of loads) {
      const directions = (['up', 'down'] as const).map((direction) => ({ direction, task: `${title}, ${direction}` }))
      const tasks = directions.filter(({ task }) => task.includes(options.only))
      if (tasks.length === 0) continue
      const load = prepare(workplace, { make, isKept })
      const { before } = options
      const tools = [
        hubTool(workplace, remote, { name: 'onitu', before }),
        rcloneTool(workplace, remote, { name: 'rclone sync', before }),
        hubTool(workplace, remote, { name: 'onitu, just started', before: 0 }),
        rcloneTool(workplace, remote, { name: 'rclone sync, empty folder', before: 0 }),
      ]
      for (const { direction, task } of tasks) {
        console.error(`${kind.name}: ${task}`)
        const runs = tools.map((tool) => [tool.name, () => tool[direction](load)] as const)
        rows.push({ remote: kind.name, task, times: await takeTurns(runs, options.runs) })
      }
    }
    return rows
  } finally {
    await remote.close()
  }
}

function prepare(workplace: Workplace, kind: Pick<Load, 'make' | 'isKept'>): Load {
  const load = { local: workplace.fresh('load'), ...kind }
  mkdirSync(load.local, { recursive: true })
  kind.make(load.local)
  return load
}

function machine({ runs, distance }: Options): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'processor'
  const way = distance === 0 ? '' : ` Each way to the server takes ${distance} ms longer.`
  return `Medians of ${runs} runs, in turns (lowest and highest), on ${processors.length} x ${model}, ${type()} ${release()}, Node ${process.version}.${way}`
}
