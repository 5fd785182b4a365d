const MAX_LENGTH = 256

/**
 * Why a pattern from another machine is not taken. The Referee matches it against paths that the same machine may make up:
 * one with n stars takes as many steps as the path is long, to the power of n, and would hold up everybody. One star is
 * enough for most, as it stands for slashes too.
 */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH) return `has more than ${MAX_LENGTH} characters`
  if ((pattern.match(/\*+/g)?.length ?? 0) > 1)
    return 'has more than one star (a star stands for slashes too: *.jpg is every such file)'
  if (/[()|]/.test(pattern)) return 'has parentheses or bars'
  if (/[{}]/.test(pattern) && !/^[^{}]*\{[^{}*.]+\}[^{}]*$/.test(pattern))
    return 'has other braces than one list of words like {jpg,png}'
  // A class of characters that is repeated is as slow as a second star.
  return /\][+*?{]/.test(pattern) ? 'has something repeated after a bracket' : undefined
}
