import pidusage from 'pidusage'

/** Resident bytes of each process that is still there. */
export async function memoryOf(pids: readonly number[]): Promise<Map<number, number>> {
  const memory = new Map<number, number>()
  await Promise.all(
    pids.map(async (pid) => {
      const usage = await usageOf(pid)
      if (usage !== undefined) memory.set(pid, usage)
    }),
  )
  // pidusage keeps a timer for the history of each process, which would hold up the end.
  pidusage.clear()
  return memory
}

async function usageOf(pid: number): Promise<number | undefined> {
  try {
    return (await pidusage(pid)).memory
  } catch (error) {
    // It ended meanwhile.
    if (
      error instanceof Error &&
      /No matching pid found|ENOENT|ESRCH/.test(`${error.message} ${'code' in error ? error.code : ''}`)
    )
      return undefined
    throw error
  }
}
