import { Context, Router } from 'zeromq'
import type { Candidate } from './authenticator.ts'
import { bindPatiently } from './bind-patiently.ts'
import { parseZapRequest, type ZapRequest, zapReply } from './zap-messages.ts'

export interface ZapDomain {
  /** Of this registration alone. */
  readonly domain: string
  /** Sockets must be made in it: this is where the handler listens. */
  readonly context: Context
  /** May be called twice. */
  readonly release: () => void
}

type Decide = (candidate: Candidate) => boolean

/** Where libzmq asks, by RFC 27. There can be one in each context. */
const ENDPOINT = 'inproc://zeromq.zap.01'

// A context of our own: a copy of this package in another version, or in a worker thread, would otherwise find the
// endpoint taken, and its servers could not check anybody. Made once, and kept: an idle one costs two sleeping threads.
let context: Context | undefined
let listening: Promise<Router> | undefined
const domains = new Map<string, Decide>()
let lastDomain = 0
/** ms */
const BIND_PATIENCE = 5_000

/** Has `decide` asked about every connection to sockets of the domain. The one handler of the process serves all. */
export async function registerZapDomain(decide: Decide): Promise<ZapDomain> {
  context ??= new Context({ blocky: false })
  const domain = `escalator-${++lastDomain}`
  domains.set(domain, decide)
  try {
    listening ??= listen(context)
    await listening
  } catch (error) {
    release(domain)
    throw error
  }
  return { domain, context, release: () => release(domain) }
}

async function listen(where: Context): Promise<Router> {
  const router = new Router({
    context: where,
    linger: 0,
    sendTimeout: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
  })
  try {
    await bindPatiently(ENDPOINT, BIND_PATIENCE, () => router.bind(ENDPOINT))
  } catch (error) {
    router.close()
    throw error
  }
  void answerRequests(router)
  return router
}

/** Without domains the handler ends, since a socket that is read keeps the process alive. */
function release(domain: string): void {
  if (!domains.delete(domain) || domains.size > 0) return
  const ending = listening
  listening = undefined
  // Where listening failed, whoever asked for it was told.
  void ending?.then(
    (router) => router.close(),
    () => undefined,
  )
}

async function answerRequests(router: Router): Promise<void> {
  while (!router.closed) {
    const frames = await receive(router)
    if (frames === undefined) return
    const request = parseZapRequest(frames)
    // What cannot be answered is not from libzmq; a connection that waits for it stays out.
    if (request !== undefined && !router.closed) await router.send(zapReply(request, isAllowed(request)))
  }
}

async function receive(router: Router): Promise<Buffer[] | undefined> {
  try {
    return await router.receive()
  } catch (error) {
    if (router.closed) return undefined
    throw error
  }
}

function isAllowed({ domain, candidate }: ZapRequest): boolean {
  const decide = domains.get(domain)
  if (decide === undefined || candidate === undefined) return false
  try {
    return decide(candidate)
  } catch (error) {
    // Whoever cannot be judged stays out.
    process.emitWarning(`A client was refused, since checking its key failed: ${String(error)}`, 'OnituWarning')
    return false
  }
}
