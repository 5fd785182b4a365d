import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, existsSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { Hub } from './src/hub.ts'
import { sftp } from './src/drivers/remotes/sftp.ts'
import { makeBigFile, makeTree } from './src/make-files.ts'
const [dir = 'down', what = 'big', rounds = '2'] = process.argv.slice(2)
const base = mkdtempSync('/tmp/me/tl-')
const remote = await sftp.start(base)
const root = join(base, 'local'); mkdirSync(root, { recursive: true })
const served = remote.fresh()
const hub = Hub.startOn(base, { name: 'bench', folders: { data: {} }, services: { local: { driver: 'local-storage', folders: { data: root } }, remote: remote.service(served, { poll_fastest: 3600, poll_slowest: 3600 }) } })
await hub.settle()
for (let i = 0; i < Number(rounds); i++) {
  const staged = join(base, 'staged')
  mkdirSync(staged)
  if (what === 'big') makeBigFile(join(staged, 'big'), 256); else makeTree(staged, 1000, 4096)
  execFileSync('sync')
  const target = join(dir === 'up' ? root : served, 'load' + i)
  const t = Date.now()
  const cost = await hub.processorTime(async () => {
    const a = Date.now()
    renameSync(staged, target)
    await hub.settle()
    console.log('total', Date.now() - a, 'start', a)
    ;(globalThis as any).S = a; (globalThis as any).E = Date.now()
  })
  console.log([...cost].map(([n, c]) => `${n} ${c}`).join(' '))
  const { S, E } = globalThis as any
  if (what === 'big') for (const line of readFileSync(join(base, 'config/bench/logs/onitu.log'), 'utf8').split('\n')) { if (!line) continue; const e = JSON.parse(line); const time = typeof e.time === 'number' ? e.time : Date.parse(e.time); if (time >= S && time <= E + 100) console.log('  ', time - S, line.slice(0, 160)) }
}
await hub.stop(); await remote.close(); rmSync(base, { recursive: true })
