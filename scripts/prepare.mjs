/**
 * Brings a clone into a state in which everything can run: dependencies installed, packages built. Needs only Node and npm
 * and is quick when there is nothing to do. Uses nothing but Node, for it runs before anything is installed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Holds the digest of what was installed last. It is inside node_modules, so it goes when that goes. */
const stamp = join(root, 'node_modules', '.onitu-installed')

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Onitu needs Node 20.19 or newer, and this is ${process.version}.`)
  process.exit(1)
}

/** @param {{ quiet?: boolean }} [options] quiet: say nothing about steps that had nothing to do */
export async function prepare({ quiet = false } = {}) {
  await install()
  await build({ quiet })
}

async function install() {
  const digest = dependencyDigest()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const arguments_ = ['--yes', packageManager, 'install', '--frozen-lockfile', '--config.confirm-modules-purge=false']
  await step('Installing dependencies', 'npx', arguments_)
  writeFileSync(stamp, digest)
}

/** @param {{ quiet: boolean }} options */
async function build({ quiet }) {
  const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo')
  await step('Building', process.execPath, [turbo, 'run', 'build', '--output-logs=errors-only'], { quiet })
}

/** Changes when another install is needed: lockfile, workspace settings, or a package.json (it may name a new command). */
function dependencyDigest() {
  const hash = createHash('sha256').update(process.platform).update(process.arch)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...manifests()]) {
    hash.update(file).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

function manifests() {
  const nested = ['packages', 'drivers'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  )
  return ['.', 'tests', 'bench', ...nested.sort()]
    .map((folder) => `${folder}/package.json`)
    .filter((file) => existsSync(join(root, file)))
}

/**
 * Runs a command whose output matters only if it fails.
 *
 * @param {string} title
 * @param {string} command
 * @param {string[]} arguments_
 * @param {{ quiet?: boolean }} [options]
 */
async function step(title, command, arguments_, { quiet = false } = {}) {
  const started = performance.now()
  if (!quiet) process.stdout.write(`${title}… `)
  const { status, output } = await capture(command, arguments_)
  if (status === 0) {
    if (!quiet) console.log(`done in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    return
  }
  console.log(quiet ? `${title} failed.` : 'failed.')
  console.error(output)
  process.exit(1)
}

/**
 * @param {string} command
 * @param {string[]} arguments_
 * @returns {Promise<{ status: number, output: string }>}
 */
function capture(command, arguments_) {
  return new Promise((resolve) => {
    const child = spawn(command, arguments_, { cwd: root, env: toolEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      output += data
    })
    child.on('error', (error) => resolve({ status: 1, output: `${command}: ${error.message}` }))
    child.on('close', (code) => resolve({ status: code ?? 1, output }))
  })
}

/** With the tools of the workspace on the path: turbo, for one, calls pnpm, which a fresh machine does not have. */
export function toolEnvironment() {
  const PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`
  return { ...process.env, PATH, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', DO_NOT_TRACK: '1' }
}
