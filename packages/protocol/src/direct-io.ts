/** Bytes from which on a file is written past the memory of the system. Of smaller ones it is worth more that whoever opens them soon finds them there. */
export const DIRECT_IO_LEAST = 64 * 1024 * 1024

/** To this, memory, offsets and lengths are aligned where contents go to a disk without a copy of the system. */
export const DIRECT_IO_ALIGNMENT = 4096

const REFUSALS = new Set(['EINVAL', 'EOPNOTSUPP', 'ENOTSUP'])

/** Whether a file system says so that it cannot do it, or not with these bytes. `code`: of the system. */
export function refusesDirectIo(code: string | undefined): boolean {
  return code !== undefined && REFUSALS.has(code)
}
