import { expect, test } from 'vitest'
import { Benchmark } from './benchmark.ts'
import { BenchmarkData } from './benchmark-data.ts'
import { Timer } from './timer.ts'

test('keeps results, descriptions and units by name', async () => {
  let run = 0
  const benchmark = new Benchmark({
    speed: { description: 'of copies', unit: 'MB/s', run: () => 100 * ++run },
    time: { run: async () => undefined },
  })
  await benchmark.run(3)
  const [speed, time] = [benchmark.results.get('speed'), benchmark.results.get('time')]
  expect(speed).toMatchObject({ title: 'speed', description: 'of copies', unit: 'MB/s', results: [100, 200, 300] })
  expect([speed?.min, speed?.max, speed?.average]).toEqual([100, 300, 200])
  expect(time?.unit).toBe('ms')
  expect(time?.results).toHaveLength(3)
})

test('prepares each run and tidies up after it, also when it fails', async () => {
  const calls: string[] = []
  const failing = new Benchmark({
    task: {
      setup: () => calls.push('setup'),
      run() {
        calls.push('run')
        throw new Error('failed')
      },
      teardown: () => calls.push('teardown'),
    },
  })
  await expect(failing.run()).rejects.toThrow('failed')
  expect(calls).toEqual(['setup', 'run', 'teardown'])
})

test('has no least result of nothing', () => {
  expect(() => new BenchmarkData('nothing').min).toThrow('Nothing was measured of nothing')
})

test('a timer counts from its last start', async () => {
  const timer = new Timer()
  const first = timer.elapsed
  expect(timer.elapsed).toBeGreaterThanOrEqual(first)
  timer.restart()
  expect(await Timer.time(() => timer.restart())).toBeGreaterThanOrEqual(0)
})
