/** What a driver can do, as the tests that are shared by all drivers need to know it. All true by default. */
export interface DriverFeatures {
  readonly copyFileFromOnitu: boolean
  readonly copyFileToOnitu: boolean
  readonly deleteFileFromOnitu: boolean
  readonly deleteFileToOnitu: boolean
  readonly moveFileFromOnitu: boolean
  readonly moveFileToOnitu: boolean
  readonly copyDirectoryFromOnitu: boolean
  readonly copyDirectoryToOnitu: boolean
  readonly deleteDirectoryFromOnitu: boolean
  readonly deleteDirectoryToOnitu: boolean
  readonly moveDirectoryFromOnitu: boolean
  readonly moveDirectoryToOnitu: boolean
  readonly copyTreeFromOnitu: boolean
  readonly copyTreeToOnitu: boolean
  readonly deleteTreeFromOnitu: boolean
  readonly deleteTreeToOnitu: boolean
  readonly moveTreeFromOnitu: boolean
  readonly moveTreeToOnitu: boolean
  readonly detectNewFileOnLaunch: boolean
  readonly detectDeletedFileOnLaunch: boolean
  readonly detectMovedFileOnLaunch: boolean
}

export const allFeatures: DriverFeatures = {
  copyFileFromOnitu: true,
  copyFileToOnitu: true,
  deleteFileFromOnitu: true,
  deleteFileToOnitu: true,
  moveFileFromOnitu: true,
  moveFileToOnitu: true,
  copyDirectoryFromOnitu: true,
  copyDirectoryToOnitu: true,
  deleteDirectoryFromOnitu: true,
  deleteDirectoryToOnitu: true,
  moveDirectoryFromOnitu: true,
  moveDirectoryToOnitu: true,
  copyTreeFromOnitu: true,
  copyTreeToOnitu: true,
  deleteTreeFromOnitu: true,
  deleteTreeToOnitu: true,
  moveTreeFromOnitu: true,
  moveTreeToOnitu: true,
  detectNewFileOnLaunch: true,
  detectDeletedFileOnLaunch: true,
  detectMovedFileOnLaunch: true,
}
