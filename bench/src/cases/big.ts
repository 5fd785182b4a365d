import { makeBigFile } from '../make-files.ts'
import type { Options } from '../options.ts'
import type { Report } from '../result.ts'
import type { Workplace } from '../workplace.ts'
import { compareCopies } from './copy.ts'

/** One large file into an empty folder. */
export async function big(workplace: Workplace, { bigSize, runs }: Options): Promise<Report> {
  const source = workplace.fresh('source')
  makeBigFile(source, bigSize)
  return await compareCopies(workplace, {
    task: `one file of ${bigSize} MiB`,
    source,
    runs,
    amount: { number: (bigSize * 1024 * 1024) / 1e6, unit: 'MB' },
  })
}
