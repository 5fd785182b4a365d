import { fileId, type Head, type Observation } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { type PendingLoss, takeIn } from './pending-loss.ts'

const content = { folder: 'docs', kind: 'file', size: 1, hash: 'a'.repeat(64), mtime: 0, mode: null } as const

function seen(path: string): Observation {
  return { type: 'updated', fid: fileId('docs', path), path, base: 1, ...content }
}

function gone(path: string): Observation {
  return { type: 'deleted', fid: fileId('docs', path), folder: 'docs', path, base: 1, kind: 'file' }
}

function moved(from: string, path: string): Observation {
  const source = { fid: fileId('docs', from), folder: 'docs', path: from, base: 1 }
  return { ...seen(path), type: 'moved', from: source, ...content }
}

/** `a`, `b` and `c` live, `dead` was deleted, `d` is a directory. */
function headOf(fid: string): Head | undefined {
  const path = ['a', 'b', 'c', 'dead', 'd'].find((name) => fileId('docs', name) === fid)
  if (path === undefined) return undefined
  const kind = path === 'd' ? 'directory' : 'file'
  return { ...content, fid, path, kind, version: 1, mimetype: '', origin: 's', deleted: path === 'dead', parents: [] }
}

describe('an outbox takes away', () => {
  it.each([
    ['each file that is deleted', [gone('a'), gone('b')], ['a', 'b']],
    ['a file once, however often it is told of', [gone('a'), gone('a')], ['a']],
    ['nothing that is there again', [gone('a'), seen('a')], []],
    ['what was there again and went again', [gone('a'), seen('a'), gone('a')], ['a']],
    ['nothing that is moved', [moved('a', 'x'), gone('b')], ['b']],
    ['nothing that came and went', [seen('x'), gone('x')], []],
    ['nothing that was deleted before', [gone('dead')], []],
    ['no directories', [gone('d')], []],
    ['nothing at a place to which something was moved', [gone('a'), moved('b', 'a')], []],
  ])('%s', (_, observations, expected) => {
    const loss: PendingLoss = new Map()
    for (const observation of observations) takeIn(loss, observation, headOf)
    expect([...(loss.get('docs') ?? [])]).toEqual(expected.map((path) => fileId('docs', path)))
  })
})
