import { test } from 'vitest'
import { surviveKills } from './survive-kills.ts'

const SEED = 7

test(`nothing is lost when processes are killed at random 60 times while three people work (seed ${SEED})`, () =>
  surviveKills(SEED, 60))
