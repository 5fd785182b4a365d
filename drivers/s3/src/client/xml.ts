const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * The inner texts of all elements of a name, in order. Enough for the answers of S3, which have neither attributes that matter nor an element inside
 * another of its own name. A whole XML parser would be most of this driver's memory.
 */
export function elements(xml: string, name: string): string[] {
  const found: string[] = []
  for (let at = 0; ; ) {
    const element = nextElement(xml, name, at)
    if (element === undefined) return found
    found.push(xml.slice(element.from, element.to))
    at = element.to
  }
}

/** The decoded text of the first element of a name. */
export function textOf(xml: string, name: string): string | undefined {
  const first = nextElement(xml, name, 0)
  return first === undefined ? undefined : decode(xml.slice(first.from, first.to))
}

/** Where the next element has its inner text. By plain search: a regular expression for each of the thousands in a listing took twice as long. */
function nextElement(
  xml: string,
  name: string,
  start: number,
): { readonly from: number; readonly to: number } | undefined {
  const opening = `<${name}`
  for (let at = xml.indexOf(opening, start); at !== -1; at = xml.indexOf(opening, at + 1)) {
    const next = xml[at + opening.length] ?? ''
    // Another name that begins with this one, or an element without anything in it.
    if (next !== '>' && !/\s/.test(next)) continue
    const end = xml.indexOf('>', at)
    const to = xml.indexOf(`</${name}>`, end)
    if (end === -1 || to === -1) return undefined
    if (xml[end - 1] !== '/') return { from: end + 1, to }
  }
  return undefined
}

function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return ENTITIES[name ?? ''] ?? whole
  })
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
