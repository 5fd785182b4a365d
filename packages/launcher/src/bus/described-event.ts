import { type Description, describeEvent, type OnituEvent } from '@onitu/protocol'

/** An event with what is said of it: by the console and by the log file, which are both written from it. */
export interface DescribedEvent {
  readonly event: OnituEvent
  readonly description: Description
}

export function describedEvent(event: OnituEvent): DescribedEvent {
  return { event, description: describeEvent(event) }
}
