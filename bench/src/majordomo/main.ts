import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { takeTurns } from '../cases/copy.ts'
import { succeed, timed } from '../execute.ts'
import { makeBigFile, makeTree } from '../make-files.ts'
import { median } from '../result.ts'
import { RemotePair } from './remote-pair.ts'
import { Ssh } from './ssh.ts'

const help = `pnpm --filter @onitu/bench majordomo [--runs 2] [--files 10000] [--size 1024] [--folder DIR] [--write]
Moves one file of --size MiB and --files files of 4 KiB from a hub to its client, through Majordomo on loopback, and by
rsync over ssh. --write puts the table into bench/majordomo.md.`

/** ms that a client has to calm down before its memory is read. */
const IDLE = 10_000
const page = fileURLToPath(new URL('../../majordomo.md', import.meta.url))

interface Task {
  readonly name: string
  readonly source: string
  /** What a second is worth. */
  readonly amount: number
  readonly unit: string
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2' },
    files: { type: 'string', default: '10000' },
    size: { type: 'string', default: '1024' },
    folder: { type: 'string', default: tmpdir() },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const [load = 0] = loadavg()
  const root = mkdtempSync(join(values.folder, 'onitu-bench-'))
  const ssh = await Ssh.start(join(root, 'ssh'))
  try {
    const rows: string[][] = []
    for (const task of makeTasks(root)) rows.push(...(await compare(task, root, ssh)))
    const memory = await idleMemory(root)
    const [processor] = cpus()
    const text = [
      `Measured on ${cpus().length} x ${processor?.model.trim() ?? 'processor'}, ${type()} ${release()}, Node ${process.version}, ${values.runs} runs, the tools in turns. Load before: ${load.toFixed(1)}.`,
      table(['task', 'tool', 'median', 'range', 'speed', 'fastest : fastest rsync over ssh'], rows),
      `Client with nothing to do, resident: ${memory.toFixed(0)} MB.`,
    ].join('\n\n')
    console.log(text)
    if (values.write) writeFileSync(page, `# A remote folder through Majordomo, on loopback\n\n${text}\n`)
  } finally {
    await ssh?.stop()
    rmSync(root, { recursive: true, force: true })
  }
}

function makeTasks(root: string): Task[] {
  const [big, many] = [join(root, 'big'), join(root, 'many')]
  const [size, files] = [Number(values.size), Number(values.files)]
  mkdirSync(big)
  makeBigFile(join(big, 'file'), size)
  makeTree(many, files, 4096)
  return [
    { name: `one file of ${size} MiB`, source: big, amount: (size * 1024 * 1024) / 1e6, unit: 'MB' },
    { name: `${files} files of 4 KiB`, source: many, amount: files, unit: 'files' },
  ]
}

async function compare(task: Task, root: string, ssh: Ssh | undefined): Promise<string[][]> {
  console.error(task.name)
  const tools: [string, () => Promise<number>][] = [
    ['onitu remote, down', () => throughMajordomo(task, root, 'down')],
    ['onitu remote, up', () => throughMajordomo(task, root, 'up')],
    ...(ssh === undefined
      ? []
      : [['rsync over ssh', () => byRsync(task, root, ssh)] as [string, () => Promise<number>]]),
  ]
  const times = await takeTurns(tools, Number(values.runs))
  const reference = times.get('rsync over ssh')
  return tools.map(([tool]) => {
    const own = times.get(tool) ?? []
    // The fastest of each: on a busy machine the others tell of what else was going on.
    const ratio = reference === undefined ? '' : (Math.min(...own) / Math.min(...reference)).toFixed(1)
    const range = `${seconds(Math.min(...own))} - ${seconds(Math.max(...own))}`
    const speed = `${((task.amount / median(own)) * 1000).toFixed(0)} ${task.unit}/s`
    return [task.name, tool, seconds(median(own)), range, speed, ratio]
  })
}

/** The files appear on one side by a rename while everything runs. */
async function throughMajordomo({ source }: Task, root: string, way: 'up' | 'down'): Promise<number> {
  const pair = new RemotePair(join(root, 'pair'))
  try {
    await pair.start()
    const staged = join(root, 'pair', 'staged')
    await succeed('cp', ['-a', source, staged])
    await succeed('sync', [])
    const time = await timed(async () => {
      renameSync(staged, join(way === 'down' ? pair.left : pair.right, 'data'))
      await pair.settle()
    })
    await pair.checkEqual()
    return time
  } finally {
    await pair.close()
  }
}

async function byRsync({ source }: Task, root: string, ssh: Ssh): Promise<number> {
  const target = join(root, 'rsync')
  mkdirSync(target)
  try {
    return await timed(() => ssh.rsync(source, target))
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}

async function idleMemory(root: string): Promise<number> {
  const pair = new RemotePair(join(root, 'pair'))
  try {
    await pair.start()
    await sleep(IDLE)
    return pair.clientMemory.resident
  } finally {
    await pair.close()
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
