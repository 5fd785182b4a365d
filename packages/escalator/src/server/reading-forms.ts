export interface ReadingForm {
  readonly keyEncoding: 'utf8' | 'view'
  readonly valueEncoding: 'utf8' | 'view'
}

const ALWAYS_FITS: ReadingForm = { keyEncoding: 'view', valueEncoding: 'view' }
/** From the fastest to the one that always fits. */
const FORMS: readonly ReadingForm[] = [
  { keyEncoding: 'utf8', valueEncoding: 'utf8' },
  { keyEncoding: 'utf8', valueEncoding: 'view' },
  ALWAYS_FITS,
]
const BYTES = FORMS.length - 1

/** How often a faster form is tried again: what is stored may have changed. */
const PROBE_EVERY = 64

/** How the entries of one database are best read: as texts, when they are. */
export interface ReadingForms {
  /** The form in which a new reader begins. */
  first(): number
  /** The form that always fits. */
  readonly bytes: number
  at(form: number): ReadingForm
  /** A reader had to go on with this form. */
  failed(next: number): void
}

export function createReadingForms(): ReadingForms {
  let preferred = 0
  let readers = 0
  return {
    first() {
      if (++readers % PROBE_EVERY === 0) preferred = 0
      return preferred
    },
    bytes: BYTES,
    at: (form) => FORMS[form] ?? ALWAYS_FITS,
    failed(next) {
      preferred = Math.min(next, BYTES)
    },
  }
}
