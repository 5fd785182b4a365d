import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openSshProblem } from '../src/servers/index.ts'
import { waitUntil } from '../src/wait-until.ts'

const servers = new URL('../dist/servers/index.js', import.meta.url).href

test('a server ends with the process that has started it', async ({ skip }) => {
  const problem = openSshProblem()
  if (problem !== undefined) return skip(problem)
  const script = `
    const { OpenSshServer } = await import(${JSON.stringify(servers)})
    await OpenSshServer.start()
    const { readFileSync } = await import('node:fs')
    console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'))
    process.exit()`
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  const pids = printed.trim().split(' ')
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) {
    expect(Number(pid)).toBeGreaterThan(1)
    await waitUntil(() => !existsSync(`/proc/${pid}/fd/0`), { timeout: 5_000, what: `server ${pid} is still there` })
  }
})
