import { createResponder, type Responder } from '@onitu/escalator/messaging'
import type { RemoteRequest } from '@onitu/majordomo'
import { ipcAddress, parseRecord } from '@onitu/protocol'
import type { ConflictedFile, Resolution } from '../conflicts/conflicted-file.ts'
import type { HeldVerdict, JudgedDeletions } from '../held/judge-held.ts'
import type { FileHistory } from '../history/file-history.ts'
import type { FileArgument } from '../history/locate-file.ts'
import type { RestoreResult } from '../history/restore-version.ts'
import type { Status } from '../status/status.ts'
import type { WaitResult } from '../wait/wait-until-quiet.ts'
import { type ControlRequest, controlRequestSchema, type KeysChanged, type ServiceAction } from './messages.ts'

/** What can be asked of a running session. */
export interface Controlled {
  status(): Promise<Status>
  /** `timeout` in ms, null for none. */
  wait(timeout: number | null, signal: AbortSignal): Promise<WaitResult>
  service(action: ServiceAction, name: string): Promise<void>
  history(file: FileArgument, signal: AbortSignal): Promise<FileHistory>
  restore(file: FileArgument, version: number, signal: AbortSignal): Promise<RestoreResult>
  /** The list of authorised keys was changed. */
  keysChanged(): Promise<KeysChanged>
  setUpRemote(request: RemoteRequest): Promise<void>
  conflicts(): Promise<readonly ConflictedFile[]>
  resolve(file: FileArgument, keep: string, signal: AbortSignal): Promise<Resolution>
  /** What is held of a service in a folder, null for all. */
  judgeHeld(verdict: HeldVerdict, signal: AbortSignal): Promise<JudgedDeletions>
  requestStop(): void
}

export function createControlServer(runtime: string, controlled: Controlled): Promise<Responder> {
  return createResponder({
    address: ipcAddress(runtime, 'control'),
    handle: (body, { signal }) => answer(controlled, parseRecord(controlRequestSchema, body, 'The request'), signal),
  })
}

function answer(controlled: Controlled, request: ControlRequest, signal: AbortSignal): unknown {
  switch (request.type) {
    case 'status':
      return controlled.status()
    case 'wait':
      return controlled.wait(request.timeout, signal)
    case 'service':
      return controlled.service(request.action, request.name)
    case 'history':
      return controlled.history(request.file, signal)
    case 'restore':
      return controlled.restore(request.file, request.version, signal)
    case 'keys':
      return controlled.keysChanged()
    case 'remote':
      return controlled.setUpRemote(request)
    case 'conflicts':
      return controlled.conflicts()
    case 'resolve':
      return controlled.resolve(request.file, request.keep, signal)
    case 'approve':
    case 'reject':
      return controlled.judgeHeld(request, signal)
    case 'stop':
      return controlled.requestStop()
  }
}
