import { copyFile, MemoryDriver, Rule, type Setup } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'

/** `rep1` makes files; the rules of a describe say what of them `rep2` gets. */
function hubWithRules(...rules: readonly Rule[]) {
  const hub = sharedHub((setup: Setup) => {
    for (const rule of rules) setup.addRule(rule)
    return { rep1: setup.add(new MemoryDriver('rep1')), rep2: setup.add(new MemoryDriver('rep2')) }
  })
  return {
    hub,
    copied: (path: string) => {
      const { launcher, services } = hub()
      return copyFile(launcher, { path, size: 100, from: services.rep1, to: [services.rep2] })
    },
    notCopied: async (path: string) => {
      const { launcher, services } = hub()
      const { rep1, rep2 } = services
      const started: string[] = []
      launcher.onTransferStarted(({ path: seen }) => started.push(seen), { service: 'rep2', path })
      await rep1.generate(rep1.path('default', path), 100)
      await launcher.settle()
      expect(started).toEqual([])
      expect(await rep2.exists(rep2.path('default', path))).toBe(false)
    },
  }
}

describe('without rules', () => {
  const { copied } = hubWithRules()

  test('a file goes to every service that has its folder', () => copied('foo'))
})

describe('a rule on the path', () => {
  const { copied, notCopied, hub } = hubWithRules(new Rule().matchPath('/foo').sync('rep2'))

  test('sends what is below it', () => copied('foo/bar'))

  test('sends nothing else', () => notCopied('other/bar'))

  test('leaves a service that holds a file as an owner of it', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'foo/owned', size: 100, from: rep1, to: [rep2] })
    await copyFile(launcher, { path: 'foo/owned', size: 100, from: rep2, to: [rep1] })
  })
})

describe('a rule on one type', () => {
  const { copied, notCopied } = hubWithRules(new Rule().matchMime('image/png').sync('rep2'))

  test('sends a file of that type', () => copied('bar.png'))

  test('sends no file of another type', () => notCopied('bar.txt'))
})

describe('a rule on two types', () => {
  const { copied } = hubWithRules(new Rule().matchMime('image/png', 'text/plain').sync('rep2'))

  test.each(['bar.png', 'foo.txt'])('sends %s', (path) => copied(path))
})

describe('a rule on path and type', () => {
  const { copied, notCopied } = hubWithRules(new Rule().matchPath('/foo').matchMime('image/png').sync('rep2'))

  test('sends what matches both', () => copied('foo/bar.png'))

  test.each(['bar.png', 'foo/bar'])('does not send %s, which matches one of them', (path) => notCopied(path))
})

describe('a rule that bans', () => {
  const { copied, notCopied } = hubWithRules(
    new Rule().matchPath('/').sync('rep2'),
    new Rule().matchPath('/secret/').ban('rep2'),
  )

  test('keeps a file from a service to which another rule sends it', () => notCopied('secret/key'))

  test('leaves the rest alone', () => copied('public/key'))
})
