/** `npm start`: installs and builds what is missing, then keeps the sample in sync, or what `-- --setup FILE` says. */
import { join, relative } from 'node:path'
import { prepare, root } from './prepare.mjs'
import { run } from './run.mjs'
import { explainSample, makeSample } from './sample.mjs'

// Where the user typed the command: npm itself changes to the root.
const from = process.env.INIT_CWD ?? process.cwd()
const given = process.argv.slice(2)

await prepare()
const onitu = join(root, 'node_modules', '.bin', 'onitu')
process.exitCode = await run(onitu, ['start', ...argumentsFor(given)], { cwd: from })

/** @param {string[]} options */
function argumentsFor(options) {
  if (options.some((option) => option === '--setup' || option.startsWith('--setup=') || option === '--help'))
    return options
  const sample = makeSample(join(root, 'sample'))
  console.log(explainSample(relative(from, sample.folder) || '.'))
  return ['--setup', sample.setup, '--config-dir', sample.configDirectory, ...options]
}
