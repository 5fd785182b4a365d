import { describe, expect, it } from 'vitest'
import { createReadingForms } from './reading-forms.ts'

describe('the forms of reading', () => {
  it('begin with texts, and go on with what fitted', () => {
    const forms = createReadingForms()
    expect(forms.at(forms.first())).toEqual({ keyEncoding: 'utf8', valueEncoding: 'utf8' })
    forms.failed(1)
    expect(forms.at(forms.first())).toEqual({ keyEncoding: 'utf8', valueEncoding: 'view' })
    forms.failed(2)
    expect(forms.first()).toBe(forms.bytes)
  })

  it('end with bytes, which always fit', () => {
    const forms = createReadingForms()
    forms.failed(9)
    expect(forms.at(forms.first())).toEqual({ keyEncoding: 'view', valueEncoding: 'view' })
  })

  it('try texts again now and then', () => {
    const forms = createReadingForms()
    forms.failed(2)
    const tried = Array.from({ length: 100 }, () => forms.first())
    expect(tried.slice(0, 60)).toEqual(Array(60).fill(2))
    expect(tried).toContain(0)
  })
})
