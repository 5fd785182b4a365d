import type { NewEvent, OnituEvent } from './events.ts'

export interface Description {
  /** Who speaks: a process, `Referee`, `SERVICE - Dealer`… */
  readonly channel: string
  /** As pino's: 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: number
  readonly message: string
}

const DEBUG = 20
const INFO = 30
const WARN = 40
const ERROR = 50

/** The line that a person reads for an event. The texts of file events are those of the original. */
export function describeEvent(event: OnituEvent | NewEvent): Description {
  switch (event.type) {
    case 'session_started':
      return line('Launcher', INFO, `Session ${event.session} started`)
    case 'session_stopping':
      return line('Launcher', INFO, `Session ${event.session} is stopping`)
    case 'process_state':
      return line(
        'Launcher',
        event.state === 'failed' ? ERROR : event.state === 'restarting' ? WARN : INFO,
        `${event.process}: ${event.state}${event.reason === '' ? '' : `, ${event.reason}`}`,
      )
    case 'escalator_started':
      return line('Escalator', INFO, 'Started')
    case 'referee_started':
      return line('Referee', INFO, 'Started')
    case 'plug_started':
      return line(`${event.service} - Plug`, DEBUG, 'Started')
    case 'driver_started':
      return line(event.service, INFO, 'Started')
    case 'driver_stopped':
      return line(event.service, INFO, 'Exited')
    case 'file_updated':
      return line('Referee', INFO, `Update for '${event.path}' from ${event.service} in folder ${event.folder}`)
    case 'file_deleted':
      return line('Referee', INFO, `Deletion of '${event.path}' from ${event.service} in folder ${event.folder}`)
    case 'file_moved':
      return line(
        'Referee',
        INFO,
        `Moving of '${event.src}' to '${event.dest}' from ${event.service} in folder ${event.folder}`,
      )
    case 'conflict':
      return line(
        'Referee',
        WARN,
        `Conflict on '${event.path}' in folder ${event.folder}: the content of ${event.winner} keeps the name, that of ${event.loser} is now '${event.copyPath}'`,
      )
    case 'conflict_resolved':
      return line(
        'Referee',
        INFO,
        `Conflict on '${event.path}' in folder ${event.folder} resolved: ${event.keep === null ? 'all its contents stay' : `the content of ${event.keep} stays`}`,
      )
    case 'deletions_held':
      return line(
        'Referee',
        WARN,
        `${event.files} deletions on ${event.service} in folder ${event.folder} are held, as they are so many at once: \`onitu approve\` deletes the files everywhere, \`onitu reject\` brings them back`,
      )
    case 'deletions_approved':
    case 'deletions_rejected': {
      const { service, folder, files, directories } = event
      const whose = `${service ?? 'all services'} in ${folder === null ? 'all folders' : `folder ${folder}`}`
      const outcome = event.type === 'deletions_approved' ? 'approved' : 'rejected, what was deleted comes back'
      return line('Referee', INFO, `Held deletions on ${whose} (${files} files, ${directories} directories) ${outcome}`)
    }
    case 'source_selected':
      return line('Brocker', DEBUG, `Selecting source ${event.source}`)
    case 'transfer_started':
      return line(`${event.service} - Dealer`, INFO, `Starting to get '${event.path}'`)
    case 'transfer_restarted':
      return line(`${event.service} - Dealer`, INFO, `Restarting transfer of '${event.path}'`)
    case 'transfer_ended':
      return line(`${event.service} - Dealer`, INFO, `Transfer of '${event.path}' successful`)
    case 'transfer_aborted':
      return line(
        `${event.service} - Dealer`,
        INFO,
        `Transfer of '${event.path}' aborted${event.reason === '' ? '' : `: ${event.reason}`}`,
      )
    case 'deletion_completed':
      return line(`${event.service} - Dealer`, INFO, `'${event.path}' deleted`)
    case 'move_completed':
      return line(`${event.service} - Dealer`, INFO, `'${event.src}' moved to '${event.dest}'`)
    case 'directory_created':
      return line(`${event.service} - Dealer`, DEBUG, `directory '${event.path}' made`)
    case 'directory_deleted':
      return line(`${event.service} - Dealer`, DEBUG, `directory '${event.path}' deleted`)
    case 'order_failed':
      return line(
        `${event.service} - Dealer`,
        WARN,
        `'${event.path}' in folder ${event.folder} failed (${event.code}): ${event.reason}; attempt ${event.attempts}, next in ${(event.retryIn / 1000).toFixed(1)} s`,
      )
    case 'file_problem':
      return line(
        event.service,
        WARN,
        `'${event.path}' in folder ${event.folder} is left alone (${event.code}): ${event.reason}`,
      )
    case 'service_unavailable':
      return line(event.service, WARN, `Folder ${event.folder} is unavailable: ${event.reason}`)
    case 'service_available':
      return line(event.service, INFO, `Folder ${event.folder} is available again`)
    case 'progress':
      return line(
        event.service,
        DEBUG,
        `${event.files} files, ${event.bytes} bytes, ${event.active} active, ${event.waiting} waiting`,
      )
    case 'log':
      return line(event.process, event.level, event.message)
    case 'event_folder_ignored_mode':
    case 'event_service_ignored_mode':
    case 'event_source_ignored_mode':
      return line(
        'Referee',
        INFO,
        `${ignorer(event)} ignores event for '${event.path}' because mode is '${event.mode}'`,
      )
    case 'event_folder_ignored_size':
    case 'event_service_ignored_size':
    case 'event_source_ignored_size':
      return line(
        'Referee',
        INFO,
        `${ignorer(event)} ignores event for '${event.path}' due to its size: ${event.size} bytes`,
      )
    case 'event_folder_ignored_mimetype':
    case 'event_service_ignored_mimetype':
    case 'event_source_ignored_mimetype':
      return line(
        'Referee',
        INFO,
        `${ignorer(event)} ignores event for '${event.path}' due to its mimetype: ${event.mimetype}`,
      )
    case 'event_folder_ignored_blacklisted':
    case 'event_service_ignored_blacklisted':
    case 'event_source_ignored_blacklisted':
      return line('Referee', INFO, `${ignorer(event)} ignores event for '${event.path}' because it is blacklisted`)
    case 'event_folder_ignored_not_whitelisted':
    case 'event_service_ignored_not_whitelisted':
    case 'event_source_ignored_not_whitelisted':
      return line('Referee', INFO, `${ignorer(event)} ignores event for '${event.path}' because it is not whitelisted`)
  }
}

function ignorer(event: { type: string; service: string; folder: string }): string {
  if (event.type.startsWith('event_folder')) return `Folder <${event.folder}>`
  const who = event.type.startsWith('event_source') ? `${event.service} (source)` : event.service
  return `Service <${who}> in Folder <${event.folder}>`
}

function line(channel: string, level: number, message: string): Description {
  return { channel, level, message }
}
