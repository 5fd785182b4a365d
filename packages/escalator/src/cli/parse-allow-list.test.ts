import { describe, expect, it } from 'vitest'
import { generateKeyPair } from '../messaging/curve-keys.ts'
import { parseAllowList } from './parse-allow-list.ts'

const { publicKey: alice } = generateKeyPair()
const { publicKey: bob } = generateKeyPair()

describe('a list of allowed keys', () => {
  it('has a key on each line, with a name or without', () => {
    const text = `# our machines\n\n${alice}\n  ${bob}  Bob's  laptop \r\n#${bob} was here\n`
    expect([...parseAllowList(text)]).toEqual([
      [alice, ''],
      [bob, "Bob's laptop"],
    ])
  })

  it('may be empty', () => {
    expect(parseAllowList('').size).toBe(0)
  })

  it.each(['key', alice.slice(0, -1), `name ${alice}`])('refuses the line %s, and says where it is', (line) => {
    expect(() => parseAllowList(`${alice}\n${line}`)).toThrow(/^line 2 does not begin with a public key/)
  })
})
