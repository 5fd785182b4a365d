import type { Manifest } from '@onitu/plug'
import { OnituError } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import type { LoadDriver } from './load-driver.ts'
import { parseSetup } from './parse-setup.ts'
import type { Setup } from './setup.ts'
import { SetupError } from './setup-error.ts'

const manifest: Manifest = {
  name: 'local-storage',
  description: '',
  velocity: 0.6,
  capabilities: {
    atomicReplace: true,
    conditionalWrite: true,
    rangedRead: true,
    resumableUpload: true,
    nativeMove: true,
    directories: true,
    mtime: true,
    mode: true,
    caseSensitive: true,
    tokenGranularity: 0,
  },
  options: {
    fsync: { type: 'boolean', description: '', default: true },
    scan_interval: { type: 'integer', description: '', default: 600, min: 1, max: 86_400 },
    bandwidth: { type: 'size', description: '', default: 0, max: 10_000_000 },
    format: { type: 'enumerate', description: '', default: 'plain', values: ['plain', 'packed'] },
  },
}

const strict: Manifest = {
  ...manifest,
  name: 'strict',
  folderPath: 'opaque',
  options: {
    host: { type: 'string', description: 'the server' },
    ratio: { type: 'float', description: '', default: 1 },
  },
}

const load: LoadDriver = async (name) => {
  if (name === 'local-storage') return { url: 'file:///drivers/local-storage.js', manifest }
  if (name === 'strict') return { url: 'file:///drivers/strict.js', manifest: strict }
  throw new OnituError('UNKNOWN_DRIVER', `unknown driver "${name}"`)
}

function parse(text: string, file = 'setup.yml'): Promise<Setup> {
  return parseSetup(text, { file, directory: '/nowhere/here', load })
}

/** `line:column message` of each problem. */
async function problems(text: string, file?: string): Promise<string[]> {
  const error = await parse(text, file).then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (!(error instanceof SetupError)) throw new Error(`expected problems, got ${String(error)}`)
  return error.message
    .split('\n')
    .map((line) => line.replace(/^Error parsing '[^']+': line (\d+), column (\d+): /, '$1:$2 '))
}

const good = `
name: home
folders:
  docs: { blacklist: ["*.tmp"], file_size: { max: 2G } }
  empty:
services:
  left:
    driver: local-storage
    folders: { docs: ./left }
  right:
    driver: local-storage
    options: { velocity: 0.8, chunk_size: 4M, fsync: false, bandwidth: 500ki }
    folders: { docs: { path: /elsewhere/right, mode: rw }, empty: ../empty }
rules:
  - match: { path: /Photos/, mime: ["image/*"] }
    sync: [left, right]
`

/** A setup with one service, whose lines begin at line 6. */
const service = (lines: string) => `name: home
folders:
  docs:
services:
  left:
${lines
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`

describe('parseSetup', () => {
  it('gives the setup with absolute paths, defaults and sizes in bytes', async () => {
    const setup = await parse(good)
    expect(setup.name).toBe('home')
    expect(setup.folders.get('docs')).toEqual({ blacklist: ['*.tmp'], file_size: { max: '2G' } })
    expect(setup.folders.get('empty')).toEqual({})
    expect(setup.rules).toEqual([{ match: { path: '/Photos/', mime: ['image/*'] }, sync: ['left', 'right'] }])
    const left = setup.services.get('left')
    expect(left?.driver).toEqual({ name: 'local-storage', url: 'file:///drivers/local-storage.js' })
    expect(left?.options).toEqual({ velocity: 0.6, fsync: true, scan_interval: 600, bandwidth: 0, format: 'plain' })
    expect(left?.folders.get('docs')).toEqual({ path: '/nowhere/here/left', options: {} })
    const right = setup.services.get('right')
    expect(right?.options).toMatchObject({ velocity: 0.8, chunk_size: 4_000_000, fsync: false, bandwidth: 512_000 })
    expect(right?.folders.get('docs')).toEqual({ path: '/elsewhere/right', options: { mode: 'rw' } })
    expect(right?.folders.get('empty')?.path).toBe('/nowhere/empty')
  })

  it('reads JSON too, also with tabs', async () => {
    const setup = {
      name: 'home',
      folders: { docs: {} },
      services: { left: { driver: 'local-storage', folders: { docs: 'left' } } },
    }
    expect((await parse(JSON.stringify(setup, null, '\t'), 'setup.json')).name).toBe('home')
  })

  it('tells no rules from an empty list of rules', async () => {
    const base = service('driver: local-storage')
    expect((await parse(base)).rules).toBeUndefined()
    expect((await parse(`${base}rules: []\n`)).rules).toEqual([])
  })

  it('leaves paths alone that are the driver’s own', async () => {
    const setup = await parse(service('driver: strict\noptions: { host: a }\nfolders: { docs: bucket/x }'))
    expect(setup.services.get('left')?.folders.get('docs')?.path).toBe('bucket/x')
  })

  it.each<[string, string, string[]]>([
    [
      'broken YAML',
      'name: [',
      ['1:8 Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ['a key twice', 'name: a\nname: b\n', ['2:1 Map keys must be unique']],
    [
      'nothing',
      '',
      [
        '1:1 name: expected the name of the session, got nothing',
        '1:1 services: expected at least one service, got none',
      ],
    ],
    [
      'a list',
      '- a\n',
      ['1:1 expected a map with name, folders and services, got a list', expect.anything(), expect.anything()],
    ],
    ['an unknown key', `${good}servces: {}\n`, ['17:1 servces: unknown key "servces", did you mean "services"?']],
    [
      'a number as a name',
      service('driver: local-storage').replace('home', '12'),
      ['1:7 name: expected the name of the session, got the number 12; write it in quotes'],
    ],
    [
      'a name with :',
      service('driver: local-storage').replace('home', '"a:b"'),
      ['1:7 name: the session name "a:b" may not contain ":", "/" or "\\"'],
    ],
    [
      'a folder name with :',
      'name: a\nfolders: { "x:y": }\nservices: { left: { driver: local-storage } }',
      ['2:12 folders.x:y: the folder name "x:y" may not contain ":", "/" or "\\"'],
    ],
    [
      'a service named as a part of Onitu',
      'name: a\nservices: { referee: { driver: local-storage } }',
      ['2:13 services.referee: a service cannot be called "referee": Onitu uses that name itself'],
    ],
    [
      'a service named as what `onitu resolve` keeps',
      'name: a\nservices: { both: { driver: local-storage } }',
      ['2:13 services.both: a service cannot be called "both": Onitu uses that name itself'],
    ],
    [
      'services that are no map',
      'name: a\nservices: left\n',
      ['2:11 services: expected a map of services, got the text "left"'],
    ],
    [
      'an unknown folder option',
      'name: a\nfolders: { docs: { blacklst: [] } }\nservices: { left: { driver: local-storage } }',
      ['2:20 folders.docs.blacklst: unknown option "blacklst", did you mean "blacklist"?'],
    ],
    [
      'a history that cannot be kept',
      'name: a\nfolders: { docs: { history: { age: 30 } } }\nservices: { left: { driver: local-storage } }',
      ['2:29 folders.docs.history: expected true, false, or a map of age (a time such as 30d) and size (such as 10G)'],
    ],
    [
      'a conflict with an unknown service',
      'name: a\nfolders: { docs: { conflict: [lfet] } }\nservices: { left: { driver: local-storage } }',
      ['2:31 folders.docs.conflict[0]: unknown service "lfet", did you mean "left"?'],
    ],
    [
      'a missing driver',
      service('folders: { docs: a }'),
      ['6:5 services.left.driver: expected the name of a driver, got nothing'],
    ],
    [
      'an unknown driver',
      service('driver: local-storrage'),
      ['6:13 services.left.driver: unknown driver "local-storrage"'],
    ],
    [
      'an unknown key of a service',
      service('driver: local-storage\nfolder: { docs: a }'),
      ['7:5 services.left.folder: unknown key "folder", did you mean "folders"?'],
    ],
    [
      'an unknown folder',
      service('driver: local-storage\nfolders: { dosc: a }'),
      ['7:16 services.left.folders.dosc: unknown folder "dosc", did you mean "docs"?'],
    ],
    [
      'an unknown mode',
      service('driver: local-storage\nfolders: { docs: { path: a, mode: x } }'),
      ['7:39 services.left.folders.docs.mode: expected r, w or rw'],
    ],
    [
      'a folder without a path',
      service('driver: local-storage\nfolders: { docs: { mode: r } }'),
      ['7:22 services.left.folders.docs.path: expected a path, got nothing'],
    ],
    [
      'a number as a path',
      service('driver: local-storage\nfolders: { docs: 3 }'),
      [
        '7:22 services.left.folders.docs: expected a path, or a map with a path and options, got the number 3; write it in quotes',
      ],
    ],
    [
      'an unknown option',
      service('driver: local-storage\noptions: { fsnyc: true }'),
      ['7:16 services.left.options.fsnyc: unknown option of local-storage "fsnyc", did you mean "fsync"?'],
    ],
    [
      'an option of the wrong type',
      service('driver: local-storage\noptions: { fsync: "yes" }'),
      ['7:23 services.left.options.fsync: expected true or false, got the text "yes"'],
    ],
    [
      'an option out of range',
      service('driver: local-storage\noptions: { scan_interval: 0 }'),
      ['7:31 services.left.options.scan_interval: expected an integer between 1 and 86400, got the number 0'],
    ],
    [
      'a size that is none',
      service('driver: local-storage\noptions: { bandwidth: fast }'),
      ['7:27 services.left.options.bandwidth: expected a size of at most 10000000 such as 4M, got the text "fast"'],
    ],
    [
      'a size out of range',
      service('driver: local-storage\noptions: { bandwidth: 1G }'),
      ['7:27 services.left.options.bandwidth: expected a size of at most 10000000 such as 4M, got the text "1G"'],
    ],
    [
      'a value that is not one of those',
      service('driver: local-storage\noptions: { format: paked }'),
      [
        '7:24 services.left.options.format: expected one of plain, packed (did you mean "packed"?), got the text "paked"',
      ],
    ],
    [
      'a velocity above 1',
      service('driver: local-storage\noptions: { velocity: 2 }'),
      ['7:26 services.left.options.velocity: expected a number between 0 and 1, got the number 2'],
    ],
    [
      'chunks of nothing',
      service('driver: local-storage\noptions: { chunk_size: 0 }'),
      ['7:28 services.left.options.chunk_size: expected a size of at least 1 byte such as 4M, got the number 0'],
    ],
    [
      'a required option that is missing',
      service('driver: strict'),
      ['6:5 services.left.options: the option "host" of strict is required (the server)'],
    ],
    [
      'rules that are no list',
      `${service('driver: local-storage')}rules: { sync: [left] }`,
      ['7:8 rules: expected a list of rules'],
    ],
    [
      'an unknown service in a rule',
      `${service('driver: local-storage')}rules:\n  - sync: [left, rihgt]\n    ban: [lfet]`,
      [
        '8:18 rules[0].sync[1]: unknown service "rihgt"; known: left',
        '9:11 rules[0].ban[0]: unknown service "lfet", did you mean "left"?',
      ],
    ],
    [
      'an unknown key in a rule',
      `${service('driver: local-storage')}rules:\n  - { synk: [left] }`,
      ['8:7 rules[0].synk: unknown key "synk"'],
    ],
  ])('refuses %s and shows the place', async (_, text, expected) => {
    expect(await problems(text)).toEqual(expected)
  })

  it.each<[string, string, string]>([
    [
      'inside',
      '{ docs: a, pics: a/b }',
      'the path is inside that of folder "docs" of service "left" (/nowhere/here/a)',
    ],
    [
      'around',
      '{ docs: a/b, pics: a }',
      'the path contains that of folder "docs" of service "left" (/nowhere/here/a/b)',
    ],
    [
      'equal to',
      '{ docs: a, pics: ./x/../a/ }',
      'the path is the same as that of folder "docs" of service "left" (/nowhere/here/a)',
    ],
  ])('refuses a folder %s another one of the service', async (_, folders, expected) => {
    const text = service(`driver: local-storage\nfolders: ${folders}`).replace('  docs:\n', '  docs:\n  pics:\n')
    expect((await problems(text))[0]).toContain(expected)
  })

  it('lets names share a beginning', async () => {
    const text = service('driver: local-storage\nfolders: { docs: a, pics: ab }').replace(
      '  docs:\n',
      '  docs:\n  pics:\n',
    )
    expect((await parse(text)).services.size).toBe(1)
  })

  it('refuses two services in one directory, but not two that only call their paths the same', async () => {
    const two = (driver: string) =>
      `name: a\nfolders: { docs: }\nservices:\n  one: { driver: ${driver}, folders: { docs: x } }\n  two: { driver: ${driver}, folders: { docs: x/y } }\n`
    expect(await problems(two('local-storage'))).toEqual([
      '5:50 services.two.folders.docs: the path is inside that of folder "docs" of service "one" (/nowhere/here/x)',
    ])
    expect((await parse(two('strict, options: { host: a }'))).services.size).toBe(2)
  })

  it('names all problems at once, in the order of the file', async () => {
    const text =
      'name: "a:b"\nfolders: { x: { nope: 1 } }\nservices: { left: { driver: nope, folders: { y: a } } }\nrules: [{ sync: [q] }]\n'
    expect((await problems(text)).map((line) => line.split(' ')[0])).toEqual(['1:7', '2:17', '3:29', '3:46', '4:18'])
  })

  it('names the file in every line', async () => {
    await expect(parse('name: [', 'my/setup.yml')).rejects.toThrow(/^Error parsing 'my\/setup.yml': line 1, column 8: /)
  })

  it('refuses bare words in JSON', async () => {
    expect(await problems('{"foo": bar}', 'setup.json')).toEqual(['1:9 Unresolved plain scalar "bar"'])
  })

  it('refuses aliases that multiply', async () => {
    const text = `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefgh'
      .split('')
      .map((letter, index) => `${letter}: &${letter} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]`)
      .join('\n')}`
    expect((await problems(text))[0]).toMatch(/Excessive alias count/)
  })

  it('is not confused by names that objects have', async () => {
    const setup = await parse(
      'name: a\nfolders: { __proto__: {}, constructor: {} }\nservices: { toString: { driver: local-storage, folders: { constructor: c } } }',
    )
    expect([...setup.folders.keys()]).toEqual(['__proto__', 'constructor'])
    expect(setup.services.get('toString')?.folders.get('constructor')?.path).toBe('/nowhere/here/c')
  })
})
