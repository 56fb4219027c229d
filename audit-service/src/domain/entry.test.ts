import { toCanonicalJson } from '@redress/shared/canonical-json.ts'
import { anyCharacter } from '@redress/shared/testing/any-character.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuditEntry, hashOf } from './entry.ts'

const content: Omit<AuditEntry, 'hash'> = {
  id: 'aud_iss_1-1',
  sequence: 1,
  entityType: 'Issue',
  entityId: 'iss_1',
  action: 'issue.created',
  actor: 'ada',
  ip: null,
  requestId: 'req-1',
  changes: { status: { before: null, after: 'PENDING' } },
  at: new Date('2030-01-01T00:00:00.000Z'),
  previousHash: '0'.repeat(64),
}

describe('the canonical form', () => {
  it('sorts names as RFC 8785 does in its example', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6']

    const form = toCanonicalJson(Object.fromEntries(names.map((name) => [name, 0])))

    expect(Object.keys(JSON.parse(form)).map((name) => name.codePointAt(0)!.toString(16))).toEqual([
      '31', // A name that is a number comes first in every JavaScript object; the text below has it in its place.
      'd',
      '80',
      'f6',
      '20ac',
      '1f600',
      'fb33',
    ])
    expect(form.startsWith('{"\\r":0,"1":0,')).toBe(true)
  })

  it('writes numbers, strings and literals as RFC 8785 does in its example', () => {
    const value = {
      numbers: [JSON.parse('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    }

    expect(toCanonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('does not depend on the order of names, at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toCanonicalJson(reversed(value))).toBe(toCanonicalJson(value))
      }),
    )
  })

  it('is JSON for the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCharacter }), (value) => {
        expect(JSON.parse(toCanonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it.for([Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, new Date(Number.NaN), new Map(), Symbol('s')])(
    'never makes %s look like something that JSON has',
    (value) => {
      expect(() => JSON.parse(toCanonicalJson(value))).toThrow(SyntaxError)
      expect(toCanonicalJson({ value })).not.toBe(toCanonicalJson({}))
    },
  )
})

describe('the hash of an entry', () => {
  // Made once with sha256sum. What was sealed years ago must verify: a change of the form is a new chain.
  it('stays what it is', () => {
    expect(toCanonicalJson(content)).toBe(
      '{"action":"issue.created","actor":"ada","at":"2030-01-01T00:00:00.000Z",' +
        '"changes":{"status":{"after":"PENDING","before":null}},"entityId":"iss_1","entityType":"Issue",' +
        '"id":"aud_iss_1-1","ip":null,' +
        '"previousHash":"0000000000000000000000000000000000000000000000000000000000000000",' +
        '"requestId":"req-1","sequence":1}',
    )
    expect(hashOf(content)).toBe('560c7376dd684288cf1f15a6201c7f656839a79af64cf53b6214f3e32f8e4f9c')
  })

  it('covers the hash before it', () => {
    expect(hashOf({ ...content, previousHash: 'f'.repeat(64) })).not.toBe(hashOf(content))
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  )
}
