import { test } from 'vitest'
import { surviveKills } from './survive-kills.ts'

const SEED = Number(process.env.ONITU_SEED ?? Date.now() % 1_000_000)

test(
  `nothing is lost when processes here and on another machine are killed at random 42 times while people work (seed ${SEED})`,
  { timeout: 900_000 },
  () => surviveKills(SEED, 6),
)
