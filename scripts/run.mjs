/** Runs commands in the foreground, as a shell would. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/**
 * Runs a program that shares this terminal, and gives its exit status. SIGTERM and SIGHUP are handed on; SIGINT only where there
 * is no terminal, because a terminal sends it to every process in the foreground already and twice means "at once".
 *
 * @param {string} command
 * @param {readonly string[]} arguments_
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>}
 */
export function run(command, arguments_, { cwd, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, arguments_, { cwd, env, stdio: 'inherit' })
    const stopHandingOn = handOnSignals(child)
    child.on('error', (error) => {
      stopHandingOn()
      reject(error)
    })
    child.on('close', (code, signal) => {
      stopHandingOn()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

/** @param {import('node:child_process').ChildProcess} child */
function handOnSignals(child) {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  /** @param {NodeJS.Signals} signal */
  const handOn = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of signals) process.on(signal, handOn)
  return () => {
    for (const signal of signals) process.off(signal, handOn)
  }
}
