import { expect, test } from 'vitest'
import { parseMemoryCommand } from './messages.ts'

test.each([
  [{ type: 'list' }],
  [{ type: 'generate', path: 'default/a', size: 0 }],
  [{ type: 'write', path: 'default/a', content: new Uint8Array([1]) }],
  [{ type: 'delete', path: 'default/a', notify: false }],
  [{ type: 'move', path: 'default/a', to: 'default/b' }],
])('%j is a command', (command) => {
  expect(parseMemoryCommand(command)).toEqual(command)
})

test.each([
  [undefined],
  ['list'],
  [{ type: 'format' }],
  [{ type: 'read' }],
  [{ type: 'read', path: '' }],
  [{ type: 'generate', path: 'a', size: -1 }],
  [{ type: 'generate', path: 'a', size: '7' }],
  [{ type: 'write', path: 'a', content: 'text' }],
  [{ type: 'move', path: 'a' }],
])('%j is refused', (message) => {
  expect(() => parseMemoryCommand(message)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
})
