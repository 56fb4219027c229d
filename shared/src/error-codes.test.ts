import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ERROR_CODES } from './error-codes.ts'

it('the README lists every error code, and no other', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [section = ''] = readme.split(/^## /m).filter((text) => text.startsWith('Errors\n'))

  const listed = [...section.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, code]) => code)

  expect([...new Set(listed)].sort()).toEqual([...ERROR_CODES].sort())
})
