import { readFileSync, writeFileSync } from 'node:fs'

/** Puts a text in the place of the figures of a document. @throws Error when it has no place for them */
export function writeFigures(document: string, text: string): void {
  const [before, after] = readFileSync(document, 'utf8').split(/<!-- figures -->[\s\S]*<!-- end of figures -->/)
  if (before === undefined || after === undefined) throw new Error(`${document} has no place for figures`)
  writeFileSync(document, `${before}<!-- figures -->\n\n${text}\n\n<!-- end of figures -->${after}`)
}
