import { expect, it } from 'vitest'
import { formatStats } from './format-stats.ts'

it('statistics are shown as a few lines and a table', () => {
  const text = formatStats({
    uptime: 90_061_000,
    memory: 64 * 1024 ** 2,
    connections: 2,
    requests: 12_345,
    failedHandshakes: 3,
    refused: 1,
    ranges: 4,
    snapshots: 0,
    malformed: 5,
    undelivered: 6,
    dropped: 7,
    watches: 8,
    bytesReceived: 0,
    bytesSent: 1536,
    databases: { default: { requests: 7, size: 100 }, 'a-long-name': { requests: 1_000, size: 5 * 1024 ** 3 } },
  })
  expect(text).toBe(`Up for 1 d 1 h 1 min, with 64.0 MiB of memory
2 connections, 12345 requests, 4 open ranges, 0 open snapshots, 8 watches
0 B received, 1.5 KiB sent
1 connections refused, 5 messages malformed, 6 not delivered, 7 clients dropped

DATABASE     REQUESTS  ON DISK
default      7         100 B
a-long-name  1000      5.0 GiB
`)
})
