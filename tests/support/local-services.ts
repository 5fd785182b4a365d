import { type DriverOptions, LocalStorageDriver, type Setup } from '@onitu/test-utils'

/** Real folders `left` and `right`. */
export function twoFolders(options: DriverOptions = {}) {
  return (setup: Setup) => ({
    left: setup.add(new LocalStorageDriver('left', options)),
    right: setup.add(new LocalStorageDriver('right', options)),
  })
}

/** Real folders `left`, `right` and `third`. */
export function threeFolders(options: DriverOptions = {}) {
  return (setup: Setup) => ({
    ...twoFolders(options)(setup),
    third: setup.add(new LocalStorageDriver('third', options)),
  })
}
