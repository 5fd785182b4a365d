import type { OnituEvent } from '@onitu/protocol'
import { describe, expect, test } from 'vitest'
import { TypedEventHub } from './event-hub.ts'
import { eventMethodName } from './event-types.ts'

class Hub extends TypedEventHub {
  emit(event: OnituEvent): void {
    this.dispatch(event)
  }
}

const ended = (path: string, service = 'right'): OnituEvent => ({
  type: 'transfer_ended',
  time: 1,
  service,
  folder: 'default',
  path,
  source: 'left',
  size: 3,
})

describe('handlers of events', () => {
  test('have a method for each type of event', () => {
    expect(eventMethodName('transfer_ended')).toBe('onTransferEnded')
    expect(eventMethodName('event_folder_ignored_not_whitelisted')).toBe('onEventFolderIgnoredNotWhitelisted')
    expect(new Hub().onTransferEnded).toBeTypeOf('function')
  })

  test('are called for events that have all the fields asked for', () => {
    const hub = new Hub()
    const seen: string[] = []
    hub.onTransferEnded(({ path }) => seen.push(path), { service: 'right', path: 'b' }, { unique: false })
    hub.emit(ended('a'))
    hub.emit(ended('b', 'other'))
    hub.emit(ended('b'))
    expect(seen).toEqual(['b'])
  })

  test('are dropped after the first call unless they are not unique', () => {
    const hub = new Hub()
    const once: string[] = []
    const always: string[] = []
    hub.onTransferEnded(({ path }) => once.push(path))
    hub.onTransferEnded(({ path }) => always.push(path), {}, { unique: false })
    hub.emit(ended('a'))
    hub.emit(ended('b'))
    expect([once, always]).toEqual([['a'], ['a', 'b']])
  })

  test('are not called any more after unsetEvent and unsetAllEvents', () => {
    const hub = new Hub()
    const seen: string[] = []
    const handler = () => seen.push('called')
    hub.onTransferEnded(handler, {}, { unique: false })
    hub.unsetEvent('transfer_aborted')
    hub.emit(ended('a'))
    hub.unsetEvent('transfer_ended', handler)
    hub.emit(ended('b'))
    hub.onTransferEnded(handler)
    hub.unsetAllEvents()
    hub.emit(ended('c'))
    expect(seen).toEqual(['called'])
  })

  test('may set others while they are called', () => {
    const hub = new Hub()
    const seen: string[] = []
    hub.onTransferEnded(() => hub.onTransferEnded(({ path }) => seen.push(path)))
    hub.emit(ended('a'))
    hub.emit(ended('b'))
    expect(seen).toEqual(['b'])
  })

  test('next gives the event, or fails with TIMEOUT', async () => {
    const hub = new Hub()
    const next = hub.next('transfer_ended', { path: 'a' })
    hub.emit(ended('a'))
    expect(await next).toMatchObject({ type: 'transfer_ended', path: 'a' })
    await expect(hub.next('transfer_ended', {}, 1)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
