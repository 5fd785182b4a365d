import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** In `%GetOptimizationStatus`: the code that runs is that of TurboFan, which the flag is about; later versions have Maglev besides. */
const OPTIMIZED = 64

/** Runs hot code, lets V8 optimize, runs it again, and prints whether it was optimized each time. */
const script = `
const { setFlagsFromString } = require('node:v8')
setFlagsFromString('--no-opt')
const hot = new Function('n', 'let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum')
const isOptimized = new Function('hot', 'return (%GetOptimizationStatus(hot) & ${OPTIMIZED}) !== 0')
const run = (most) => {
  for (const end = Date.now() + most; Date.now() < end && !isOptimized(hot); ) hot(10_000)
  return isOptimized(hot)
}
const before = run(300)
setFlagsFromString('--opt')
console.log(JSON.stringify([before, run(10_000)]))
`

/** See bin/onitu.js. */
const isUsed = Number(process.versions.node.split('.')[0]) < 24

test.runIf(isUsed)('V8 optimizes nothing until it is let, and then what is run often (not from Node 24 on)', () => {
  const printed = execFileSync(process.execPath, ['--allow-natives-syntax', '-e', script], { encoding: 'utf8' })
  expect(JSON.parse(printed)).toEqual([false, true])
})
