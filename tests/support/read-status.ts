import type { Status } from '@onitu/launcher'
import type { Launcher } from '@onitu/test-utils'

/** `onitu status --json`. */
export async function readStatus(launcher: Launcher): Promise<Status> {
  const { status, stdout, stderr } = await launcher.run('status', '--json')
  if (status !== 0) throw new Error(`onitu status ended with ${status}: ${stderr}`)
  return JSON.parse(stdout)
}
