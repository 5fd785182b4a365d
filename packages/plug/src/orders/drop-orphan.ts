import { abortJournaled } from '../transfer/abort-journaled.ts'
import type { OrderTools } from './carry-out.ts'

/** Removes what an upload left behind that no order asks for any more. What none asks for yet has its own time. */
export async function dropOrphan(tools: OrderTools, fid: string): Promise<void> {
  if (!tools.early.has(fid)) await abortJournaled(tools, fid)
}
