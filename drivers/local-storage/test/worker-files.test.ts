import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const built = (name: string) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url))

/** All that a built file loads, itself and through others of the package. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|\} from|import .* from) "([^"]+)";/gm)) {
    if (name.startsWith('.')) loadedBy(join(dirname(file), name), seen)
    else seen.add(name)
  }
  return seen
}

test.each(['worker', 'hashing-thread'])(
  '%s, a thread, loads nothing but Node and a few functions: neither codec nor schemas',
  (name) => {
    const loaded = [...loadedBy(built(name))]
    expect(loaded.filter((name) => !name.endsWith('.js') && !isBuiltin(name))).toEqual([])
    const files = loaded.filter((name) => name.endsWith('.js'))
    expect(files.length).toBeGreaterThan(1)
    const sizes = files.map((file) => readFileSync(file).byteLength)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(160_000)
    expect(files.filter((file) => /msgpackr|valibot/.test(readFileSync(file, 'utf8')))).toEqual([])
  },
)
