import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

let made = 0

/** Puts a file in place whole or not at all: written aside, flushed, renamed. */
export async function replaceFile(path: string, mode: number, text: string): Promise<void> {
  const aside = await writeAside(path, mode, text)
  try {
    await rename(aside, path)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
  await flushDirectory(dirname(path))
}

/** The same, only where nothing is. @throws the system's EEXIST */
export async function createFile(path: string, mode: number, text: string): Promise<void> {
  const aside = await writeAside(path, mode, text)
  try {
    await link(aside, path)
  } finally {
    await rm(aside, { force: true })
  }
  await flushDirectory(dirname(path))
}

async function writeAside(path: string, mode: number, text: string): Promise<string> {
  const aside = `${path}.${process.pid}-${++made}.new`
  const file = await open(aside, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  return aside
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
