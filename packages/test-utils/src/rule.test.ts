import { expect, test } from 'vitest'
import { Rule } from './rule.ts'

test('a rule is written as the setup has it, and each call gives a new one', () => {
  const photos = new Rule().matchPath('/Photos/')
  const rule = photos.matchMime('image/*', 'video/*').sync('left', 'right').ban('phone')
  expect(rule.dump()).toEqual({
    match: { path: '/Photos/', mime: ['image/*', 'video/*'] },
    sync: ['left', 'right'],
    ban: ['phone'],
  })
  expect(photos.dump()).toEqual({ match: { path: '/Photos/' } })
})
