import { describe, expect, it } from 'vitest'
import { patternProblem } from './pattern-problem.ts'

describe('a pattern from another machine', () => {
  it.each(['*.jpg', '**.jpg', 'Photos/**', '/docs/*.txt', '*.{jpg,png}', 'image/*', '*[a-z]', 'a b', 'ünï*', 'a?c'])(
    '%j is taken',
    (pattern) => expect(patternProblem(pattern)).toBeUndefined(),
  )

  it.each([
    ['a'.repeat(257), /256 characters/],
    ['**/*.jpg', /more than one star/],
    ['*a*a*a*a*b', /more than one star/],
    ['@(a|b)*', /parentheses/],
    ['{a,{b,c}}', /braces/],
    ['{*a,b}', /braces/],
    ['{a,b}{c,d}', /braces/],
    ['a{1..99999999}', /braces/],
    ['[a-z]+[a-z]+', /repeated/],
    ['[a-z]*', /repeated/],
  ])('%j is refused', (pattern, problem) => expect(patternProblem(pattern)).toMatch(problem))
})
