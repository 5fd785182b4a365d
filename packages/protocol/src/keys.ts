import type { Kind } from './records.ts'

/**
 * The key layout of a session's database, in one place. One process may write a key (docs/architecture.md says which);
 * whoever else changes it does so by a conditional batch.
 */
export const keys = {
  session: 'session',
  rules: 'rules',
  services: 'services',
  folder: (folder: string) => `folder:${folder}`,
  folderPrefix: 'folder:',

  serviceDriver: (service: string) => `service:${service}:driver`,
  serviceOptions: (service: string) => `service:${service}:options`,
  serviceFolders: (service: string) => `service:${service}:folders`,
  serviceFolderPath: (service: string, folder: string) => `service:${service}:folder:${folder}:path`,
  serviceFolderOptions: (service: string, folder: string) => `service:${service}:folder:${folder}:options`,

  head: (fid: string) => `file:${fid}`,
  headPrefix: 'file:',
  path: (folder: string, path: string) => `path:${folder}:${path}`,
  pathPrefix: (folder: string) => `path:${folder}:`,
  version: (fid: string, version: number) => `version:${fid}:${sequence(version)}`,
  versionPrefix: (fid: string) => `version:${fid}:`,
  conflict: (fid: string) => `conflict:${fid}`,
  conflictPrefix: 'conflict:',
  /** The last version number given out. */
  lastVersion: 'referee:version',
  /** A digest of the setup under which everything was last judged. */
  judged: 'referee:judged',

  /** Fid of the copy that stands for what a read-only service holds at a path it lost in a conflict. */
  copy: (service: string, fid: string) => `service:${service}:copy:${fid}`,
  outbox: (service: string, seq: number) => `service:${service}:outbox:${sequence(seq)}`,
  outboxPrefix: (service: string) => `service:${service}:outbox:`,
  order: (service: string, fid: string) => `service:${service}:order:${fid}`,
  orderPrefix: (service: string) => `service:${service}:order:`,
  file: (service: string, fid: string) => `service:${service}:file:${fid}`,
  filePrefix: (service: string) => `service:${service}:file:`,
  transfer: (service: string, fid: string) => `service:${service}:transfer:${fid}`,
  transferPrefix: (service: string) => `service:${service}:transfer:`,
  failure: (service: string, fid: string) => `service:${service}:failure:${fid}`,
  failurePrefix: (service: string) => `service:${service}:failure:`,
  /** A deletion that waits for somebody to approve it. The kind is in the key so that files can be counted, and decided before directories. */
  held: (service: string, folder: string, kind: Kind, fid: string) =>
    `service:${service}:held:${folder}:${kind}:${fid}`,
  heldPrefix: (service: string) => `service:${service}:held:`,
  heldFolderPrefix: (service: string, folder: string) => `service:${service}:held:${folder}:`,
  heldKindPrefix: (service: string, folder: string, kind: Kind) => `service:${service}:held:${folder}:${kind}:`,
  /** Which folders of the service can be reached. */
  serviceState: (service: string) => `service:${service}:state`,
  /** What the service lets in of what the rules give it, in the form of `rules`. */
  serviceRules: (service: string) => `service:${service}:rules`,
  /** Whatever the driver keeps. */
  serviceDb: (service: string) => `service:${service}:db:`,

  /** What the client of a remote service last stated, so that the service is there before its client is. */
  remote: (service: string) => `remote:${service}`,
  remotePrefix: 'remote:',

  /** What somebody asks of the Referee, and what came of it. Ids are in the order of time. */
  request: (id: string) => `request:${id}`,
  requestPrefix: 'request:',
  answer: (id: string) => `answer:${id}`,
  answerPrefix: 'answer:',

  /** Bound addresses: `port:events:referee`, `port:wake:referee`, `port:plug:SERVICE`, … */
  port: (name: string) => `port:${name}`,
} as const

/** Numbers in keys are padded, so that the order of keys is the order of numbers (up to 2^53). */
export function sequence(value: number): string {
  return String(value).padStart(16, '0')
}

/** The last `:`-separated part of a key: the fid or the sequence number of the keys above that end in one. */
export function lastPart(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1)
}
