import { describe, expect, it } from 'vitest'
import { chooseSide } from './choose-side.ts'
import type { ConflictedFile, ConflictSide } from './conflicted-file.ts'

const side = (fid: string, service: string, fields: Partial<ConflictSide> = {}): ConflictSide => ({
  fid,
  service,
  version: fid.length,
  kind: 'file',
  size: 1,
  mtime: 0,
  deleted: false,
  ...fields,
})
const file = (original: ConflictSide, copies: Readonly<Record<string, string>>): ConflictedFile => ({
  folder: 'docs',
  path: 'f',
  original,
  copies: Object.entries(copies).map(([path, service]) => ({ ...side(path, service), path, winner: 'right' })),
})

const SERVICES = ['left', 'right', 'third', 'fourth']
const simple = file(side('f', 'right'), { 'f copy': 'left' })
const several = file(side('f', 'third'), { 'f copy': 'left', 'f other copy': 'right' })
const twice = file(side('f', 'third'), { 'f copy': 'left', 'f other copy': 'left' })
const deleted = file(side('f', 'right', { deleted: true }), { 'f copy': 'left' })

describe('what is kept of a conflict', () => {
  it.each([
    ['what is at the path', simple, 'f', 'right', 'f', ['f copy']],
    ['the copy', simple, 'f', 'left', 'f copy', ['f copy']],
    ['everything', simple, 'f', 'both', undefined, ['f copy']],
    ['one of several copies', several, 'f', 'right', 'f other copy', ['f copy', 'f other copy']],
    ['a copy that is named, alone', several, 'f copy', 'left', 'f copy', ['f copy']],
    ['what is at the path now, against a copy', several, 'f copy', 'third', 'f', ['f copy']],
    ['what is at the path, by who had won against the copy', several, 'f copy', 'right', 'f', ['f copy']],
    ['one of two copies of a service, by its name', twice, 'f other copy', 'left', 'f other copy', ['f other copy']],
    ['a copy of a file that was deleted', deleted, 'f', 'left', 'f copy', ['f copy']],
  ])('is %s', (_title, conflict, path, keep, kept, copies) => {
    const { request } = chooseSide([conflict], SERVICES, { folder: 'docs', path }, keep)
    expect(request.original).toEqual({ fid: 'f', version: 1 })
    expect(request.keep).toEqual(kept === undefined ? null : { fid: kept, service: keep })
    expect(request.copies.map(({ fid }) => fid)).toEqual(copies)
  })

  it.each([
    ['a file without conflict', simple, 'g', 'left', 'NO_CONFLICT', /^'g' in folder docs is in no conflict; /],
    ['nobody', simple, 'f', 'lfet', 'UNKNOWN_SERVICE', /^There is no service "lfet"; .* came from right or left$/],
    [
      'another service',
      simple,
      'f',
      'third',
      'NOT_IN_CONFLICT',
      /^No content of 'f' came from third; keep that of right or left, or both$/,
    ],
    ['another service, of a copy', several, 'f copy', 'fourth', 'NOT_IN_CONFLICT', /that of third or left/],
    ['a service with two copies', twice, 'f', 'left', 'AMBIGUOUS_CONTENT', /^Several contents of 'f' came from left: /],
    ['what was deleted', deleted, 'f', 'right', 'FILE_NOT_FOUND', /^'f' .* was deleted; keep left, or both$/],
  ])('cannot be %s', (_title, conflict, path, keep, code, message) => {
    const choose = () => chooseSide([conflict], SERVICES, { folder: 'docs', path }, keep)
    expect(choose).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
  })

  it('is of the folder that was meant', () => {
    expect(() => chooseSide([simple], SERVICES, { folder: 'music', path: 'f' }, 'left')).toThrow(/is in no conflict/)
  })
})
