import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ERROR_CODES } from './error-codes.ts'

it('the README lists every error code, and no other', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [section = ''] = readme.split(/^## /m).filter((text) => text.startsWith('Errors\n'))

  const listed = [...section.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, code]) => code)

  expect([...new Set(listed)].sort()).toEqual([...ERROR_CODES].sort())
})

const ROOT = new URL('../..', import.meta.url)

/** The source text of every process, without tests and the list itself. */
const SOURCES = globSync('{audit,decision,issues}-service/src/**/*.ts', { cwd: ROOT })
  .concat(globSync('{gateway,shared}/src/**/*.ts', { cwd: ROOT }))
  .filter((file) => !/\.(test|testing)\.ts$|error-codes\.ts$|\/testing\//.test(file))
  .map((file) => readFileSync(new URL(file, ROOT), 'utf8'))

/** Errors that end a process while it starts. */
const STARTUP_CODES = ['PORT_IN_USE']

it('every code on the list is one that an answer or a record can have', () => {
  expect(ERROR_CODES.filter((code) => !SOURCES.some((text) => text.includes(`'${code}'`)))).toEqual([])
})

it('no code of an error is missing from the list, but those of errors that end a process while it starts', () => {
  const ofErrors = SOURCES.flatMap((text) =>
    [...text.matchAll(/extends AppError \{[^}]*?\breadonly code = '([A-Z_]+)'/g)].map(([, code]) => code!),
  )

  expect([...new Set(ofErrors)].filter((code) => !ERROR_CODES.some((known) => known === code))).toEqual(STARTUP_CODES)
})
