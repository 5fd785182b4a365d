import type { Driver } from './driver.ts'
import type { Launcher } from './launcher.ts'
import { waitUntil } from './wait-until.ts'

interface Step {
  /** Default `default`. */
  readonly folder?: string
  readonly path: string
  readonly from: Driver
  readonly to: readonly Driver[]
  /** ms for all of it. Default 10,000. */
  readonly timeout?: number
}

export interface CopyStep extends Step {
  /** Bytes. Default 10. */
  readonly size?: number
}

export interface MoveStep extends Step {
  readonly dest: string
}

/** The first service that has the folder generates a file, and all others that have it get it. `size` in bytes, default 10. */
export async function createFile(
  launcher: Launcher,
  { folder = 'default', ...step }: Omit<CopyStep, 'from' | 'to'>,
): Promise<void> {
  const [from, ...to] = [...launcher.setup.services.values()].filter(({ folders }) => folders.includes(folder))
  if (from === undefined) throw new TypeError(`No service has the folder ${JSON.stringify(folder)}`)
  await copyFile(launcher, { folder, ...step, from, to })
}

/** `from` generates a file; each of `to` ends a transfer of it and then has the same content. */
export async function copyFile(launcher: Launcher, step: CopyStep): Promise<void> {
  const { folder = 'default', path, from, to, size = 10, timeout = 10_000 } = step
  await Promise.all([
    ...to.map(({ name }) => launcher.next('transfer_ended', { service: name, folder, path }, timeout)),
    from.generate(from.path(folder, path), size),
  ])
  await sameContent(folder, path, [from, ...to], timeout)
}

/** `from` unlinks a file; the Referee hears of it and each of `to` deletes it. */
export async function deleteFile(launcher: Launcher, step: Step): Promise<void> {
  const { folder = 'default', path, from, to, timeout = 10_000 } = step
  await Promise.all([
    launcher.next('file_deleted', { service: from.name, folder, path }, timeout),
    ...to.map(({ name }) => launcher.next('deletion_completed', { service: name, folder, path }, timeout)),
    from.unlink(from.path(folder, path)),
  ])
  await absent(folder, path, [from, ...to])
}

/** `from` renames a file; the Referee hears of a move and each of `to` has it under the new name only. */
export async function moveFile(launcher: Launcher, step: MoveStep): Promise<void> {
  const { folder = 'default', path, dest, from, to, timeout = 10_000 } = step
  const fields = { folder, src: path, dest }
  await Promise.all([
    launcher.next('file_moved', { service: from.name, ...fields }, timeout),
    ...to.map(({ name }) => launcher.next('move_completed', { service: name, ...fields }, timeout)),
    from.rename(from.path(folder, path), from.path(folder, dest)),
  ])
  await absent(folder, path, [from, ...to])
  await sameContent(folder, dest, [from, ...to], timeout)
}

/** Waits until all services have the same content under a name: a writer may be seen before it has ended. */
export async function sameContent(
  folder: string,
  path: string,
  services: readonly Driver[],
  timeout = 10_000,
): Promise<void> {
  let seen: string[] = []
  const equal = async () => {
    seen = await Promise.all(services.map((service) => checksumOf(service, service.path(folder, path))))
    return new Set(seen).size === 1 && seen[0] !== ABSENT
  }
  const what = () => `${path} differs: ${services.map(({ name }, at) => `${name} ${seen[at]}`).join(', ')}`
  await waitUntil(equal, { timeout, what })
}

const ABSENT = 'absent'

async function checksumOf(service: Driver, path: string): Promise<string> {
  return (await service.exists(path)) ? service.checksum(path) : ABSENT
}

async function absent(folder: string, path: string, services: readonly Driver[]): Promise<void> {
  for (const service of services) {
    if (await service.exists(service.path(folder, path))) {
      throw new Error(`${service.name} still has ${path} in folder ${folder}`)
    }
  }
}
