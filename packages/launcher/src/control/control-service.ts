import { OnituError } from '@onitu/protocol'
import type { SupervisedProcess } from '../supervisor/supervised-process.ts'
import type { ServiceAction } from './messages.ts'

/**
 * `onitu service start|stop|restart NAME`. Resolves when it is done.
 * @throws OnituError `SERVICE_NOT_FOUND`, `SERVICE_RUNNING`, `SERVICE_STOPPED`, `SERVICE_FAILED` (it was started, and ended)
 */
export async function controlService(
  services: ReadonlyMap<string, SupervisedProcess>,
  action: ServiceAction,
  name: string,
): Promise<void> {
  const service = services.get(name)
  if (service === undefined) throw new OnituError('SERVICE_NOT_FOUND', `service ${name} not found`)
  refuse(service, action)
  if (action !== 'start') await service.stop()
  if (action === 'stop') return
  await service.start()
  if (service.state !== 'running')
    throw new OnituError('SERVICE_FAILED', `service ${name} did not start: ${service.reason || service.state}`)
}

function refuse({ name, state }: SupervisedProcess, action: ServiceAction): void {
  const stopped = state === 'stopped' || state === 'stopping'
  if (action === 'start' && (state === 'running' || state === 'starting')) {
    throw new OnituError('SERVICE_RUNNING', `service ${name} is already running`)
  }
  if (action === 'stop' && stopped) throw new OnituError('SERVICE_STOPPED', `service ${name} is already stopped`)
  if (action === 'restart' && stopped) throw new OnituError('SERVICE_STOPPED', `service ${name} is stopped`)
}
