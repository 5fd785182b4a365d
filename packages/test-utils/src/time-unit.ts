/** Every timeout of this package is multiplied by `ONITU_TEST_TIME_UNIT` (default 1), for machines that are slow. */
export function scaled(timeout: number): number {
  const unit = Number(process.env.ONITU_TEST_TIME_UNIT ?? 1)
  if (!(unit > 0)) throw new TypeError(`ONITU_TEST_TIME_UNIT must be a positive number, got ${unit}`)
  return timeout * unit
}
