import { FaultyProxy } from '@onitu/test-utils/servers'

/** A way to a server. */
export interface DistantPort {
  readonly port: number
  close(): Promise<void>
}

/** A port of this machine behind which a server seems to be further away: whatever passes takes `distance` ms longer, in both directions. 0: the server's own port. */
export async function distantPort(host: string, port: number, distance: number): Promise<DistantPort> {
  if (distance === 0) return { port, close: async () => undefined }
  const proxy = await FaultyProxy.start(host, port)
  proxy.delay(distance)
  return proxy
}
