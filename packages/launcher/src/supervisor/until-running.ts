import { OnituError } from '@onitu/protocol'
import type { SupervisedProcess } from './supervised-process.ts'

/**
 * Starts a process and waits until it runs, however often it has to be started.
 * @throws OnituError `START_FAILED` when it can never run; the reason of the signal
 */
export async function untilRunning(process: SupervisedProcess, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await process.start()
  while (process.state !== 'running') {
    signal.throwIfAborted()
    if (process.resting) throw new OnituError('START_FAILED', `${process.name} cannot start: ${process.reason}`)
    await process.changed(signal)
  }
  signal.throwIfAborted()
}
