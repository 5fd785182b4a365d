import { resolve } from 'node:path'
import { isOnituError } from '@onitu/protocol'
import { plainConsole, terminalConsole } from '../bus/console-log.ts'
import { Launcher } from '../launcher.ts'
import { readSetup } from '../setup/read-setup.ts'
import { optimizeWhenBusy } from './optimize-when-busy.ts'

export interface StartOptions {
  readonly setupFile: string
  readonly configDirectory: string
  readonly debug: boolean
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** `onitu start`: until a signal or `onitu stop`. A second signal ends by force. */
export async function start({ setupFile, configDirectory, debug }: StartOptions): Promise<void> {
  const setup = await readSetup(setupFile)
  optimizeWhenBusy()
  const output = process.stdout
  const console = output.isTTY ? terminalConsole(output, debug) : plainConsole(output, debug)
  const launcher = new Launcher({
    setup,
    setupFile: resolve(setupFile),
    configDirectory,
    debug,
    onEvents: (events) => console.show(events),
  })
  const unlisten = onSignals(launcher)
  try {
    await runUntilStopped(launcher)
  } finally {
    unlisten()
    console.close()
  }
}

async function runUntilStopped(launcher: Launcher): Promise<void> {
  const stopping = launcher.stopRequested.then(() => launcher.stop())
  try {
    await launcher.start()
  } catch (error) {
    // Stopped before everything ran: that is what was asked for.
    if (!isOnituError(error) || error.code !== 'SESSION_STOPPING') throw error
  }
  await stopping
}

function onSignals(launcher: Launcher): () => void {
  let signalled = false
  // Whoever read our output is gone (`onitu | head`): that ends a session like a signal, not in the middle of something.
  const closed = () => launcher.requestStop()
  process.stdout.on('error', closed)
  const listener = () => {
    if (signalled) launcher.kill()
    signalled = true
    launcher.requestStop()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
    process.stdout.off('error', closed)
  }
}
