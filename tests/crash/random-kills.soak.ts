import { test } from 'vitest'
import { surviveKills } from './survive-kills.ts'

const SEED = Number(process.env.ONITU_SEED ?? Date.now() % 1_000_000)

test(
  `nothing is lost when processes are killed at random 200 times while three people work (seed ${SEED})`,
  { timeout: 1_200_000 },
  () => surviveKills(SEED, 200),
)
