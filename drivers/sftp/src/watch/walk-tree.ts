/**
 * Visits a tree from its root, some directories at a time; `visit` gives the directories that are in one. After a failure none is begun any more, and those that are
 * under way are waited for. @throws what the first failure was
 */
export async function walkTree(
  root: string,
  parallel: number,
  visit: (directory: string) => Promise<Iterable<string>>,
): Promise<void> {
  const queue = [root]
  const failures: unknown[] = []
  let running = 0
  const visitNext = async (directory: string) => {
    try {
      for (const found of await visit(directory)) queue.push(found)
    } catch (error) {
      failures.push(error)
    }
    running--
  }
  await new Promise<void>((resolve) => {
    const begin = () => {
      while (running < parallel && failures.length === 0) {
        const directory = queue.shift()
        if (directory === undefined) break
        running++
        void visitNext(directory).then(begin)
      }
      if (running === 0) resolve()
    }
    begin()
  })
  if (failures.length > 0) throw failures[0]
}
