import { execFileSync } from 'node:child_process'
import { networkInterfaces } from 'node:os'

/** Blocks that are for documentation. A network that has addresses of one nevertheless has hardly all of them. */
const BLOCKS = ['198.51.100', '203.0.113', '192.0.2']

/** A network namespace with a cable to this one, as if it were another machine. */
export class NetworkNamespace {
  readonly hubAddress: string
  readonly #name: string
  readonly #end: string

  private constructor(name: string, hubAddress: string) {
    this.hubAddress = hubAddress
    this.#name = name
    this.#end = `${name}h`
  }

  /** Why there can be none here, or undefined. */
  static problem(): string | undefined {
    try {
      const namespace = NetworkNamespace.create()
      namespace.remove()
      return undefined
    } catch (error) {
      return `network namespaces cannot be made here (they need root, and iproute2): ${String(error)}`
    }
  }

  static create(): NetworkNamespace {
    const block = freeBlock()
    const namespace = new NetworkNamespace(`onitu${process.pid % 10_000}`, `${block}.1`)
    const name = namespace.#name
    ip('netns', 'add', name)
    try {
      ip('link', 'add', namespace.#end, 'type', 'veth', 'peer', 'name', 'cable', 'netns', name)
      ip('addr', 'add', `${block}.1/30`, 'dev', namespace.#end)
      ip('link', 'set', namespace.#end, 'up')
      ip('-n', name, 'addr', 'add', `${block}.2/30`, 'dev', 'cable')
      ip('-n', name, 'link', 'set', 'cable', 'up')
      return namespace
    } catch (error) {
      namespace.remove()
      throw error
    }
  }

  /** The beginning of a command that runs another one in it. */
  get through(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  /** From here on everything takes longer. Gives why not, where the kernel cannot do that. */
  delay(time: string): string | undefined {
    return problemOf(() => run('tc', 'qdisc', 'replace', 'dev', this.#end, 'root', 'netem', 'delay', time))
  }

  /** From here on so many packets of a thousand are lost, each way. Gives why not, where the kernel or nftables cannot do that. */
  lose(perMille: number): string | undefined {
    const rules = ['input', 'output'].map(
      (hook) =>
        `chain ${hook} { type filter hook ${hook} priority 0; numgen random mod 1000 < ${perMille} counter drop; }\n`,
    )
    return problemOf(() => ip('netns', 'exec', this.#name, 'nft', `table inet loss {\n${rules.join('')}}\n`))
  }

  /** How many were. */
  get lost(): number {
    const rules = ip('netns', 'exec', this.#name, 'nft', 'list', 'ruleset')
    return [...rules.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0)
  }

  /** Pulls the cable out: nobody is told of anything. */
  cut(): void {
    ip('link', 'set', this.#end, 'down')
  }

  mend(): void {
    ip('link', 'set', this.#end, 'up')
  }

  remove(): void {
    ip('netns', 'delete', this.#name)
  }
}

function problemOf(attempt: () => unknown): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    return String(error)
  }
}

function freeBlock(): string {
  const taken = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address))
  const free = BLOCKS.find((block) => !taken.some((address) => address.startsWith(`${block}.`)))
  if (free === undefined) throw new Error(`this machine has addresses of ${BLOCKS.join(', ')}`)
  return free
}

function ip(...parameters: string[]): string {
  return run('ip', ...parameters)
}

/** What it printed. */
function run(command: string, ...parameters: string[]): string {
  return execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
