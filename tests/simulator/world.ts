import {
  contentHash,
  decode,
  encode,
  type Head,
  type HeldDeletion,
  isOnituError,
  keys,
  type RefereeRequest,
} from '@onitu/protocol'
import type { Handlers } from '../../packages/plug/src/contract.ts'
import type { Engine } from '../../packages/plug/src/engine.ts'
import { createStore, type DatabaseHooks, type Store } from './database.ts'
import type { DriverWorld } from './driver.ts'
import type { FaultKind } from './fault-kinds.ts'
import { liveHeads, mayCompare, unknownOf } from './known.ts'
import { PlugProcess } from './plug-process.ts'
import { RefereeProcess } from './referee-process.ts'
import { type Owner, Scheduler } from './scheduler.ts'
import { isNamed, type Setup } from './setup.ts'
import { FOLDER, isConflictOf, originalOf, type ServiceKind, Storage } from './storage.ts'
import { Ledger, User } from './users.ts'

/** Where a deliberate fault can be put in, without touching the code that is tested. */
export interface Seams extends DatabaseHooks {
  readonly handlers?: (handlers: Partial<Handlers>, storage: Storage) => Partial<Handlers>
  readonly engine?: (engine: Engine) => Partial<Engine>
  readonly believesParts?: boolean
  readonly believesAbsence?: boolean
  readonly believesLate?: boolean
  readonly believesTokens?: boolean
}

/** 0..1 for each kind: how much goes wrong. */
export interface Faults {
  db: number
  driver: number
  bus: number
  crash: number
  clock: number
  root: number
}

const NO_FAULTS: Faults = { db: 0, driver: 0, bus: 0, crash: 0, clock: 0, root: 0 }
const RESTART_DELAY = 1_000
const FID_LENGTH = 36
const MONTH = 30 * 24 * 3600 * 1000

/** A whole hub in one process: services with their users, their Plugs, the Referee, and a database between them. */
export class World {
  readonly scheduler: Scheduler
  readonly seams: Seams
  readonly store: Store = createStore()
  readonly ledger = new Ledger()
  readonly storages = new Map<string, Storage>()
  readonly #users = new Map<string, User>()
  readonly processes = new Map<string, PlugProcess>()
  faults: Faults = { ...NO_FAULTS }
  referee: RefereeProcess | undefined
  failure: unknown
  /** Users are at work. */
  #isLive = false
  /** What each service held when its users stopped. */
  leftBy = new Map<string, readonly string[]>()
  /** Services that had not got everything when the users began: what is done in them may be a conflict with that. */
  hadOrders = new Set<string>()
  readonly driverWorld: DriverWorld
  readonly setup: Setup
  #requests = 0
  /** Outlives every process: restarts them. */
  readonly #supervisor: Owner = { name: 'supervisor', alive: true }

  constructor(seed: number, setup: Setup, seams: Seams = {}, traceAll = false) {
    this.setup = setup
    this.scheduler = new Scheduler(seed, traceAll)
    this.seams = seams
    this.driverWorld = {
      scheduler: this.scheduler,
      ledger: this.ledger,
      faults: () => this.faults.driver,
      isUnsure: (path) => this.isUnsure(path),
      mayHave: (storage, path) => this.#mayHave(storage, path),
      mayCompare: ({ name }, { fid, size }) => mayCompare(this.store.values, name, fid, size),
      hidesBelow: ({ name }, directory) => this.hidesBelow(name, directory),
      isGuarded: () => this.isGuarded,
      lives: (content) => liveHeads(this.store.values).some(({ hash }) => hash === contentHash(content)),
      hasCopyElsewhere: (storage, path, content) =>
        [...this.storages.values()].some(
          (other) =>
            other !== storage &&
            other.isReachable &&
            [...other.entries].some(([at, one]) => isConflictOf(at, path) && one.content.equals(content)),
        ),
      meddle: (storage, paths) => this.#meddle(storage, paths),
      violated: (what) => this.fail(new Error(what)),
    }
    for (const [name, kind] of Object.entries(setup.services)) this.#addService(name, kind)
    this.#writeSetup()
  }

  get users(): User[] {
    return [...this.#users.values()]
  }

  start(): void {
    this.#startReferee()
    for (const name of this.storages.keys()) this.#startPlug(name)
  }

  fail(error: unknown): void {
    this.failure ??= error
  }

  get failureText(): string[] {
    const { failure } = this
    if (failure === undefined) return []
    return [failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)]
  }

  isUnsure(path: string): boolean {
    return [...this.storages.values()].some(({ unsure }) =>
      [...unsure].some((other) => path.startsWith(other) || other.startsWith(`${path}/`)),
    )
  }

  /** Whether the hub has something in a directory that a service does not get: then the directory is not gone for all. */
  hidesBelow(service: string, directory: string): boolean {
    const isNeverWritten = this.storages.get(service)?.kind.mode === 'r'
    return liveHeads(this.store.values).some(
      ({ path }) => path.startsWith(`${directory}/`) && (isNeverWritten || !isNamed(this.setup, service, path)),
    )
  }

  remember(): void {
    this.leftBy = new Map([...this.storages].map(([name, storage]) => [name, storage.describe()]))
  }

  /** Every head as it is stored. */
  headsText(): string {
    return this.keysOf(keys.headPrefix)
      .sort()
      .map((key) => Buffer.from(this.store.values.get(key) ?? []).toString('hex'))
      .join('\n')
  }

  wakeReferee(service: string): void {
    this.#deliver(`wake the Referee for ${service}`, () => this.referee?.wake(service))
  }

  wakePlug(service: string, fid: string): void {
    this.#deliver(`wake ${service} for ${fid.slice(0, 8)}`, () => {
      const process = this.processes.get(service)
      if (process?.alive === true && process.isListening) process.core?.wake(fid)
    })
  }

  /** Whether a few deletions are many already. */
  get isGuarded(): boolean {
    return typeof this.setup.folder.hold_deletions === 'object'
  }

  /** Whether anything ever was the copy of a conflict. */
  get hasHadCopies(): boolean {
    const heads = this.keysOf(keys.headPrefix).map((key) => decode(this.store.values.get(key) ?? new Uint8Array()))
    return heads.some((head) => (head as Head).path.includes(' (conflict of '))
  }

  get holdsDeletions(): boolean {
    return [...this.storages.keys()].some((name) => this.keysOf(keys.heldPrefix(name)).length > 0)
  }

  /** Somebody decides about all held deletions. What comes back after a user deleted it is not as that user left it. */
  judgeHeld(type: 'approve' | 'reject'): void {
    for (const [name, { unsure }] of this.storages) {
      if (type === 'approve') continue
      for (const key of this.keysOf(keys.heldPrefix(name))) {
        const { path } = decode(this.store.values.get(key) ?? Buffer.alloc(0)) as HeldDeletion
        unsure.add(path)
      }
      // What is told of until the request is carried out comes back with the rest.
      for (const { what, path } of this.ledger.deeds) if (what === 'erase' || what === 'move') unsure.add(path)
    }
    const request: RefereeRequest = { type, service: null, folder: null, files: 0, directories: 0 }
    this.store.values.set(keys.request(String(++this.#requests)), encode(request))
    this.wakeReferee(keys.requestPrefix)
  }

  /** A process that cannot go on. */
  died(process: PlugProcess | RefereeProcess): void {
    if (!process.alive) return
    this.kill(process, RESTART_DELAY)
  }

  kill(process: PlugProcess | RefereeProcess, away: number): void {
    this.scheduler.note(`KILLED ${process.name}`)
    this.scheduler.count(process instanceof PlugProcess ? 'a service is killed' : 'the Referee is killed')
    this.scheduler.kill(process)
    const storage = this.storages.get(process.name)
    if (storage !== undefined) this.#lookBack(storage)
    this.scheduler.after(this.#supervisor, away, () => {
      if (process instanceof PlugProcess) this.#startPlug(process.name)
      else this.#startReferee()
    })
  }

  killAll(): void {
    for (const process of this.#running()) this.kill(process, RESTART_DELAY)
  }

  /** May let something go wrong, as often as the faults say. */
  disturb(): void {
    const { random } = this.scheduler
    if (random.chance(this.faults.crash * 0.01)) {
      const running = this.#running()
      if (running.length > 0) this.kill(random.pick(running), 100 + random.below(5_000))
    }
    if (random.chance(this.faults.db * 0.01)) this.#loseConnections()
    if (random.chance(this.faults.clock * 0.01)) this.#jump()
    if (random.chance(this.faults.root * 0.02)) this.#loseRoot()
  }

  calm(): void {
    this.#isLive = false
    this.faults = { ...NO_FAULTS }
    this.store.faults = 0
    for (const storage of this.storages.values()) {
      storage.isReachable = true
      storage.room = Number.POSITIVE_INFINITY
    }
    for (const { watcher } of this.processes.values()) watcher?.changed()
  }

  /** Users work, and things go wrong. */
  live(faults: Partial<Faults>): void {
    this.#isLive = true
    this.faults = { ...NO_FAULTS, ...faults }
    this.store.faults = this.faults.db
  }

  keysOf(prefix: string): string[] {
    return [...this.store.values.keys()].filter((key) => key.startsWith(prefix))
  }

  get allRun(): boolean {
    return (
      this.#running().length === this.storages.size + 1 && [...this.processes.values()].every((one) => one.isListening)
    )
  }

  /** What a killed process leaves: directories of which nobody heard may come back, and what was begun must have been written down. */
  #lookBack(storage: Storage): void {
    for (const path of unknownOf(this, storage)) {
      if (storage.entries.get(path)?.kind === 'directory') storage.unsure.add(path)
    }
    for (const state of storage.uploads.keys()) {
      const isWritten = this.store.values.has(keys.transfer(storage.name, state.slice(0, FID_LENGTH)))
      if (!isWritten && !storage.unheard.has(state)) this.fail(new Error(`${state} of ${storage.name} has no journal`))
    }
  }

  /** A service that holds a file stays an owner, whatever becomes of the name; the copy of a conflict belongs to its file. */
  #mayHave({ name, known }: Storage, path: string): boolean {
    if (isNamed(this.setup, name, path)) return true
    const family = this.ledger.joined(originalOf(path))
    return [...known].some((one) => family.has(originalOf(one)) || one === path)
  }

  #addService(name: string, kind: ServiceKind): void {
    const storage = new Storage(name, kind)
    this.storages.set(name, storage)
    const changed = () => {
      const process = this.processes.get(name)
      if (process?.alive === true) process.watcher?.changed()
    }
    this.#users.set(name, new User(this.scheduler, storage, this.ledger, changed))
  }

  #meddle({ name }: Storage, paths: readonly string[]): boolean {
    const { random } = this.scheduler
    if (!this.#isLive || !this.setup.meddles || !random.chance(0.1)) return false
    this.scheduler.count('a user is at the file of an order')
    this.#users.get(name)?.actAt(random.pick(paths))
    return true
  }

  #writeSetup(): void {
    const put = (key: string, value: unknown) => this.store.values.set(key, encode(value))
    put(keys.folder(FOLDER), this.setup.folder)
    if (this.setup.rules !== undefined) put(keys.rules, this.setup.rules)
    put(keys.services, [...this.storages.keys()])
    for (const [name, { kind }] of this.storages) {
      put(keys.serviceOptions(name), {})
      put(keys.serviceFolders(name), [FOLDER])
      put(keys.serviceFolderPath(name, FOLDER), `/${name}`)
      put(keys.serviceFolderOptions(name, FOLDER), { mode: kind.mode })
    }
  }

  #deliver(label: string, act: () => void): void {
    const { random } = this.scheduler
    const deliver = () => this.scheduler.post(this.#supervisor, label, act)
    const happens = (kind: FaultKind) => {
      const isIt = random.chance(this.faults.bus)
      if (isIt) this.scheduler.count(kind)
      return isIt
    }
    if (happens('a wake-up is lost')) return
    if (happens('a wake-up comes twice')) deliver()
    if (happens('a wake-up is late')) this.scheduler.after(this.#supervisor, random.below(10_000), deliver)
    else deliver()
  }

  #startPlug(name: string): void {
    const storage = this.storages.get(name)
    if (storage === undefined) return
    const process = new PlugProcess(this, storage)
    this.processes.set(name, process)
    this.#supervise(process)
  }

  #startReferee(): void {
    this.referee = new RefereeProcess(this)
    this.#supervise(this.referee)
  }

  #supervise(process: PlugProcess | RefereeProcess): void {
    this.scheduler.note(`STARTED ${process.name}`)
    process.start().catch((error: unknown) => {
      if (isOnituError(error)) this.died(process)
      else this.fail(error)
    })
  }

  #running(): (PlugProcess | RefereeProcess)[] {
    const all = [...this.processes.values(), ...(this.referee === undefined ? [] : [this.referee])]
    return all.filter(({ alive }) => alive)
  }

  /** The Escalator is killed, and is there again at once. */
  #loseConnections(): void {
    this.scheduler.note('KILLED escalator')
    this.scheduler.count('the Escalator is killed')
    for (const process of this.#running()) process.db.disconnect()
  }

  #jump(): void {
    const { random } = this.scheduler
    if (random.chance(0.3)) this.#pass(random.chance(0.5) ? MONTH : 3600_000)
    else {
      this.scheduler.count('the clock is set')
      this.scheduler.skew += (random.chance(0.5) ? 1 : -1) * random.below(24 * 3600_000)
    }
    this.scheduler.note(`CLOCK jumps, off by ${this.scheduler.skew}`)
  }

  #pass(ms: number): void {
    if (ms === MONTH) this.scheduler.count('a month passes')
    this.scheduler.elapsed += ms
  }

  #loseRoot(): void {
    const { random } = this.scheduler
    const storage = random.pick([...this.storages.values()])
    const isFull = random.chance(0.3)
    this.scheduler.note(`${isFull ? 'DISK FULL' : 'ROOT AWAY'} ${storage.name}`)
    if (isFull) storage.room = random.below(50)
    else storage.isReachable = false
    this.scheduler.count(isFull ? 'a disk is full' : 'a root is away')
    if (!isFull && random.chance(0.2)) {
      this.scheduler.count('a service is away for a month')
      this.#pass(MONTH)
    }
    this.scheduler.after(this.#supervisor, 500 + random.below(90_000), () => {
      storage.isReachable = true
      storage.room = Number.POSITIVE_INFINITY
      const process = this.processes.get(storage.name)
      if (process?.alive === true) process.watcher?.changed()
    })
  }
}
