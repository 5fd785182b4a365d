/** So many at a time. The results are in the order of the values. */
export async function inParallel<T, R>(
  values: readonly T[],
  limit: number,
  task: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < values.length; at += limit)
    results.push(...(await Promise.all(values.slice(at, at + limit).map(task))))
  return results
}
