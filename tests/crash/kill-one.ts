import { type Launcher, waitUntil } from '@onitu/test-utils'
import type { Random } from '../support/random.ts'

/** kill -9 of any of the parts that runs, ready or not. Resolves when the launcher knows of it. */
export async function killOne(launcher: Launcher, parts: readonly string[], random: Random): Promise<void> {
  const runs = () => parts.flatMap((part) => launcher.pid(part) ?? [])
  const pids = await waitUntil(() => (runs().length === 0 ? undefined : runs()), {
    timeout: 30_000,
    what: 'nothing runs',
  })
  const pid = random.pick(pids)
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => !runs().includes(pid), { timeout: 10_000, what: `${pid} is not known to be gone` })
}
