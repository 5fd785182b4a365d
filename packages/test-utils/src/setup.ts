import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Driver, WrittenService } from './driver.ts'
import { Launcher } from './launcher.ts'
import type { Rule, WrittenRule } from './rule.ts'

/** Options of a folder as the setup has them: mode, mimetypes, file_size, blacklist, whitelist, conflict… */
export type FolderOptions = Readonly<Record<string, unknown>>

export interface WrittenSetup {
  readonly name: string
  readonly folders: Readonly<Record<string, FolderOptions>>
  readonly services: Readonly<Record<string, WrittenService>>
  readonly rules?: readonly WrittenRule[]
}

const NAME_BYTES = 8

/**
 * A setup file in a folder of its own, with a random name. Everything of a test is below `folder`: configuration,
 * folders of services, sockets of memory services.
 */
export class Setup {
  readonly name = randomBytes(NAME_BYTES).toString('hex')
  readonly folder = mkdtempSync(join(tmpdir(), 'onitu-'))
  readonly folders = new Map<string, FolderOptions>()
  readonly services = new Map<string, Driver>()
  readonly #rules: Rule[] = []
  /** Set it to write something else than `dump()`, a broken file for instance. */
  text: string | undefined
  /** Set it to `setup.yml` when the text is YAML. */
  fileName = 'setup.json'

  constructor(folders: Readonly<Record<string, FolderOptions>> = {}) {
    for (const [name, options] of Object.entries(folders)) this.folders.set(name, options)
  }

  get file(): string {
    return join(this.folder, this.fileName)
  }

  get configDirectory(): string {
    return join(this.folder, 'config')
  }

  /** Its folders are declared without options unless they are declared already. Gives the service. */
  add<D extends Driver>(service: D): D {
    if (this.services.has(service.name)) throw new TypeError(`There is a service ${service.name} already`)
    service.connect(this)
    this.services.set(service.name, service)
    for (const folder of service.folders) if (!this.folders.has(folder)) this.folders.set(folder, {})
    return service
  }

  addRule(rule: Rule): this {
    this.#rules.push(rule)
    return this
  }

  dump(): WrittenSetup {
    const services = [...this.services].map(([name, service]) => [name, service.dump()])
    return {
      name: this.name,
      folders: Object.fromEntries(this.folders),
      services: Object.fromEntries(services),
      ...(this.#rules.length === 0 ? {} : { rules: this.#rules.map((rule) => rule.dump()) }),
    }
  }

  async save(): Promise<void> {
    await writeFile(this.file, this.text ?? JSON.stringify(this.dump(), null, 2))
  }

  launcher(): Launcher {
    return new Launcher(this)
  }

  /** Closes the services and removes the folder. May be called twice. */
  async clean(): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.close()))
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
