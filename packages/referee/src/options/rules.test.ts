import { mimetypeOf } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { letsIn, parseRules, ruleProblems, servicesByRules } from './rules.ts'

const file = (path: string, size = 10) => ({ path, kind: 'file' as const, size, mimetype: mimetypeOf(path) })
const services = (written: unknown, path: string, size?: number) => [
  ...servicesByRules(parseRules(written) ?? [], file(path, size)),
]

describe('rules', () => {
  it.each([
    ['a path is a prefix of /PATH', [{ match: { path: '/foo' }, sync: ['b'] }], 'foo/bar', ['b']],
    ['another path does not match', [{ match: { path: '/foo' }, sync: ['b'] }], 'x/foo', []],
    ['a path with glob characters is a glob', [{ match: { path: '/*/foo' }, sync: ['b'] }], 'x/foo', ['b']],
    ['the leading / may be left out', [{ match: { path: 'foo/' }, sync: ['b'] }], 'foo/bar', ['b']],
    ['a mime pattern', [{ match: { mime: ['image/png', 'text/*'] }, sync: ['b'] }], 'a.txt', ['b']],
    ['one mime pattern may stand alone', [{ match: { mime: 'image/png' }, sync: ['b'] }], 'a.png', ['b']],
    ['no mime pattern matches', [{ match: { mime: ['image/png'] }, sync: ['b'] }], 'a.txt', []],
    ['path and mime must both match', [{ match: { path: '/foo', mime: ['image/png'] }, sync: ['b'] }], 'bar.png', []],
    ['a rule without match is for all', [{ sync: ['a', 'b'] }], 'any', ['a', 'b']],
    ['bans win over all rules', [{ sync: ['a', 'b'] }, { match: { path: '/x' }, ban: ['a'] }], 'x', ['b']],
    ['rules add up', [{ sync: ['a'] }, { match: { path: '/x' }, sync: ['b'] }], 'x', ['a', 'b']],
  ])('%s', (_title, written, path, expected) => {
    expect(services(written, path)).toEqual(expected)
  })

  it('look at the size', () => {
    const written = [{ match: { size: { min: '1k', max: 2000 } }, sync: ['b'] }]
    expect(services(written, 'a', 999)).toEqual([])
    expect(services(written, 'a', 1000)).toEqual(['b'])
    expect(services(written, 'a', 2001)).toEqual([])
  })

  it('of type or size are not about directories', () => {
    const rules =
      parseRules([
        { match: { mime: ['*'] }, sync: ['a'] },
        { match: { path: '/d' }, sync: ['b'] },
      ]) ?? []
    const directory = { path: 'd', kind: 'directory' as const, size: 0, mimetype: '' }
    expect([...servicesByRules(rules, directory)]).toEqual(['b'])
  })

  it('are all named when they are wrong', () => {
    expect(ruleProblems([{ match: { pth: '/x' } }, { sync: 'a' }]).map((p) => p.path.join('.'))).toEqual([
      '0.match.pth',
      '1.sync',
    ])
  })
})

describe('rules of one service', () => {
  it.each([
    ['none: everything', [], 'a', true],
    ['a ban that matches', [{ match: { path: '/x/' }, ban: ['s'] }], 'x/a', false],
    ['a ban that does not match', [{ match: { path: '/x/' }, ban: ['s'] }], 'a', true],
    ['a wish that matches', [{ match: { path: '/x/' }, sync: ['s'] }], 'x/a', true],
    ['a wish that does not match', [{ match: { path: '/x/' }, sync: ['s'] }], 'a', false],
    [
      'several wishes: one is enough',
      [
        { match: { path: '/x/' }, sync: ['s'] },
        { match: { path: '/y/' }, sync: ['s'] },
      ],
      'y/a',
      true,
    ],
    ['a wish and a ban: the ban', [{ sync: ['s'] }, { match: { path: '/x/' }, ban: ['s'] }], 'x/a', false],
    ['wishes and bans of others mean nothing', [{ match: { path: '/x/' }, sync: ['t'] }, { ban: ['t'] }], 'a', true],
  ])('%s', (_title, written, path, expected) => {
    expect(letsIn(parseRules(written) ?? [], 's', file(path))).toBe(expected)
  })
})
