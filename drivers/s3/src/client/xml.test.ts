import { expect, test } from 'vitest'
import { elements, escapeXml, textOf } from './xml.ts'

const listing = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<IsTruncated>false</IsTruncated><Contents><Key>a&amp;b&#10;&#x1F389;</Key><ETag>&quot;abc&quot;</ETag></Contents>
<Contents><Key>second</Key><Size>0</Size></Contents></ListBucketResult>`

test('finds elements and their texts', () => {
  const [first = '', second = ''] = elements(listing, 'Contents')
  expect(textOf(first, 'Key')).toBe('a&b\n🎉')
  expect(textOf(first, 'ETag')).toBe('"abc"')
  expect(textOf(second, 'Size')).toBe('0')
  expect(textOf(second, 'ETag')).toBeUndefined()
  expect(textOf(listing, 'IsTruncated')).toBe('false')
})

test('what is escaped reads as it was', () => {
  const text = `<a href="x">it's & that</a>`
  expect(textOf(`<Key>${escapeXml(text)}</Key>`, 'Key')).toBe(text)
})

test('neither a longer name nor an element without content is taken for the one that is looked for', () => {
  expect(textOf('<KeyCount>2</KeyCount><Key/><Key />\n<Key a="b">x</Key>', 'Key')).toBe('x')
  expect(elements('<Part></Part><Part>1</Part><Part>cut', 'Part')).toEqual(['', '1'])
  expect(textOf('<Key/><KeyCount>2</KeyCount>', 'Key')).toBeUndefined()
})
