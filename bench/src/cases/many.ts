import { makeTree } from '../make-files.ts'
import type { Options } from '../options.ts'
import type { Report } from '../result.ts'
import type { Workplace } from '../workplace.ts'
import { compareCopies } from './copy.ts'

/** Many small files into an empty folder. */
export async function many(workplace: Workplace, { files, runs }: Options): Promise<Report> {
  const source = workplace.fresh('source')
  makeTree(source, files, 4096)
  return await compareCopies(workplace, {
    task: `${files} files of 4 KiB`,
    source,
    runs,
    amount: { number: files, unit: 'files' },
  })
}
