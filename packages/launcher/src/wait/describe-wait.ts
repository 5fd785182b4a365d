import { printable } from '../bus/printable.ts'
import type { PendingService } from './pending.ts'
import type { ServiceProblem } from './service-problems.ts'
import type { WaitResult } from './wait-until-quiet.ts'

/** Failures shown of each service; `onitu status --json` has all. */
const SHOWN = 5

/** What `onitu wait` says when its time is over: what is pending, and why. */
export function describeWait({ catchingUp, problems, pending }: WaitResult): string {
  const undone = [
    ...catchingUp.map((service) => `service ${service} is still looking at what changed`),
    ...(pending === null ? ['the database does not answer'] : pending.flatMap(describePending)),
  ]
  const lines = [...(undone.length === 0 ? ['the Referee does not run'] : undone), ...problems.map(describeProblem)]
  return ['Timed out; not done yet:', ...lines.map((line) => `  ${printable(line)}`)].join('\n')
}

/** `service left: folder docs is unavailable: no such host` */
export function describeProblem({ service, folder, reason }: ServiceProblem): string {
  return `service ${service}: ${folder === null ? reason : `folder ${folder} is unavailable: ${reason}`}`
}

function describePending({ service, state, pending, reported, failed }: PendingService): string[] {
  const what = [
    ...(pending > 0 ? [`${pending} pending`] : []),
    ...(reported > 0 ? [`${reported} reported and not decided`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ]
  const failures = failed
    .slice(0, SHOWN)
    .map(({ folder, path, code, message }) => `  '${path}' in folder ${folder} (${code}): ${message}`)
  const more = failed.length > SHOWN ? [`  … and ${failed.length - SHOWN} more (see onitu status --json)`] : []
  return [`service ${service} (${state}): ${what.join(', ')}`, ...failures, ...more]
}
