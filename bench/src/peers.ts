import { join } from 'node:path'
import { execute, succeed } from './execute.ts'

/** Two folders of one run, and a place for what a tool remembers about them. */
export interface Pair {
  readonly left: string
  readonly right: string
  readonly memory: string
}

/** A program that makes right what left is, each time it is run. */
export interface Peer {
  readonly name: string
  run(pair: Pair): Promise<unknown>
}

const copy: Peer = { name: 'cp -a', run: ({ left, right }) => succeed('cp', ['-a', `${left}/.`, right]) }
const rsync: Peer = { name: 'rsync -a', run: ({ left, right }) => succeed('rsync', ['-a', `${left}/`, `${right}/`]) }
const unison: Peer = {
  name: 'unison',
  run: ({ left, right, memory }) =>
    succeed('unison', [left, right, '-batch', '-auto', '-silent', '-times', '-perms=-1'], {
      ...process.env,
      UNISON: join(memory, 'unison'),
    }),
}

/** Those that are installed here; the others are named in `missing`. */
export async function findPeers(): Promise<{ peers: Peer[]; missing: string[] }> {
  const peers = [copy]
  const missing: string[] = []
  for (const [command, option, peer] of [
    ['rsync', '--version', rsync],
    ['unison', '-version', unison],
  ] as const) {
    if (await isInstalled(command, option)) peers.push(peer)
    else missing.push(command)
  }
  return { peers, missing }
}

async function isInstalled(command: string, option: string): Promise<boolean> {
  try {
    return (await execute(command, [option])).status === 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
