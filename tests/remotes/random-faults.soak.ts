import { openSshProblem, swiftProblem } from '@onitu/test-utils/servers'
import { describe, test } from 'vitest'
import { surviveFaults } from './survive-faults.ts'

const SEED = Number(process.env.ONITU_SEED ?? Date.now() % 1_000_000)
const problem = swiftProblem() ?? openSshProblem()

describe.skipIf(problem !== undefined)(
  `local, SFTP and S3 in one folder${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test(
      `nothing is lost when processes and connections fail at random 60 times (seed ${SEED})`,
      { timeout: 1_200_000 },
      () => surviveFaults(SEED, 60),
    )
  },
)
