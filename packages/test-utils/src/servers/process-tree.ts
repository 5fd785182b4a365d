import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { systemCode } from '@onitu/protocol'
import { waitUntil } from '../wait-until.ts'

/** A program in the foreground, with all that it starts. */
export interface RunningServer {
  readonly pid: number
  /** What it has printed. */
  output(): string
  /** Until it ends by itself. @throws when it ends with another status than 0 */
  ended(): Promise<void>
  /** Ends it and all its children at once. May be called twice. */
  kill(): Promise<void>
}

/** What would go on after this process. */
const running = new Set<number>()

export function startProgram(command: string, parameters: readonly string[]): RunningServer {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => printed.push(data))
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started`)
  if (running.size === 0) process.once('exit', killAll)
  running.add(pid)
  child.once('exit', () => {
    running.delete(pid)
    if (running.size === 0) process.off('exit', killAll)
  })
  const output = () => Buffer.concat(printed).toString()
  return {
    pid,
    output,
    kill: () => kill(child, pid),
    ended: () => ending(child, () => `${command} failed:\n${output()}`),
  }
}

function ending(child: ChildProcess, failure: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => (status === 0 || status === null ? resolve() : reject(new Error(failure()))))
  })
}

async function kill(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  killTree(pid)
  await exited
}

/** Nobody waits for them any more. */
function killAll(): void {
  for (const pid of running) killTree(pid)
}

function killTree(pid: number): void {
  for (const one of [pid, ...descendants(pid)]) send(one)
}

function send(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

/** By Linux' /proc. */
function descendants(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => parentOf(other) === pid)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch (error) {
    // It has ended meanwhile.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return undefined
    throw error
  }
}

/** Until somebody listens on a port of this machine. */
export async function listening(port: number, server: RunningServer): Promise<void> {
  await waitUntil(() => answers(port), {
    timeout: 20_000,
    what: () => `nothing listens on port ${port}:\n${server.output()}`,
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
