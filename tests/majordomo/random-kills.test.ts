import { test } from 'vitest'
import { surviveKills } from './survive-kills.ts'

const SEED = 3

test(`nothing is lost when processes here and on another machine are killed at random 7 times while people work (seed ${SEED})`, () =>
  surviveKills(SEED, 1))
