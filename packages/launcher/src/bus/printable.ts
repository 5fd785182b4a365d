const CONTROL = /\p{Cc}/u

/** Paths come from outside: one line stays one line, and no terminal sequence gets through. */
export function printable(text: string): string {
  // Nearly every text has none, and to look for one takes half as long as to replace none.
  if (!CONTROL.test(text)) return text
  return text.replaceAll(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** Of thousands of events in a row, most are of the same second. */
let latest = { second: Number.NaN, text: '' }

/** `2026-01-31 14:05:06.789` */
export function localTime(time: number): string {
  const second = Math.floor(time / 1000)
  if (second !== latest.second) latest = { second, text: localSecond(new Date(time)) }
  return `${latest.text}.${String(Math.floor(time - second * 1000)).padStart(3, '0')}`
}

function localSecond(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${clock}`
}
