import { describe, expect, it } from 'vitest'
import type { SkillProblem } from '../files/skill-problem.ts'
import { parseDecisionTable } from './decision-table.ts'

type Row = Record<string, unknown>

const outcome = (action: string, confidence = 50, because = 'Because.'): Row => ({
  // biome-ignore lint/suspicious/noThenProperty: when and then are the keys of a rule; this object is never awaited.
  then: { action, confidence, because },
})
const guards: Row[] = [
  { id: 'currency', section: '§1.1', when: { currencySupported: false }, ...outcome('ESCALATE') },
  { id: 'ceiling', section: '§1.1', when: { aboveCeiling: true }, ...outcome('ESCALATE') },
]
const last: Row = { id: 'last', section: '§1.1', ...outcome('ESCALATE') }
const rule = (when: Row, more: Row = {}): Row => ({
  id: 'rule',
  section: '§1.1',
  when,
  ...outcome('RETRY_PAYMENT'),
  ...more,
})
const table = (rules: Row[], more: Row = {}) => ({
  serves: 'DECLINE',
  currencies: ['USD'],
  rules: [...guards, ...rules, last],
  adjustments: [],
  ...more,
})

const context = { file: 'p/rules.json', skill: { serves: 'DECLINE' as const, sections: new Set(['§1.1']) } }

/** One row a line, so that a line can be expected. */
function toText({ rules, ...more }: { rules: Row[] }): string {
  const rows = rules.map((row) => JSON.stringify(row)).join(',\n')
  return `${JSON.stringify(more).slice(0, -1)}, "rules": [\n${rows}\n]}`
}

function problemsOf(text: string): readonly SkillProblem[] {
  const parsed = parseDecisionTable(text, context)
  return parsed.ok ? [] : parsed.problems
}

describe('a decision table', () => {
  it('is accepted with guards, rules and a last rule without conditions', () => {
    const parsed = parseDecisionTable(toText(table([rule({ riskScore: { lt: 50 } })])), context)

    expect(parsed).toMatchObject({
      ok: true,
      table: { serves: 'DECLINE', rules: [{ id: 'currency' }, { id: 'ceiling' }, { id: 'rule' }, { id: 'last' }] },
    })
  })

  // The third row of the table stands on line 4.
  it.for<[string, Row, string, RegExp]>([
    [
      'asks for an unknown fact',
      rule({ riskScor: 5 }),
      'rules[2].when.riskScor',
      /not a fact; the facts are errorCode,/,
    ],
    ['asks for a fact of another type', rule({ daysOverdue: 5 }), 'rules[2].when.daysOverdue', /not a fact/],
    ['asks for what every object has', rule({ constructor: 5 }), 'rules[2].when.constructor', /not a fact/],
    ['misspells a value', rule({ errorCode: 'EXPIRED' }), 'rules[2].when.errorCode', /"EXPIRED": errorCode is one of/],
    ['misspells one of several', rule({ errorCode: ['CARD_EXPIRED', 'X'] }), 'rules[2].when.errorCode', /"X"/],
    ['gives a text for a number', rule({ riskScore: '5' }), 'rules[2].when.riskScore', /riskScore is a number/],
    ['gives a number for a yes or no', rule({ aboveCeiling: 1 }), 'rules[2].when.aboveCeiling', /is a boolean/],
    ['compares a text', rule({ errorCode: { lt: 5 } }), 'rules[2].when.errorCode.lt', /which is a text/],
    ['compares with a text', rule({ riskScore: { lt: '5' } }), 'rules[2].when.riskScore.lt', /must be a number/],
    ['compares in an unknown way', rule({ riskScore: { below: 5 } }), 'rules[2].when.riskScore.below', /lt, lte, gt/],
    ['compares with nothing', rule({ riskScore: {} }), 'rules[2].when.riskScore', /needs a comparison/],
    ['lists no value', rule({ errorCode: [] }), 'rules[2].when.errorCode', /at least one value/],
    ['forbids an unknown value', rule({ errorCode: { not: 'X' } }), 'rules[2].when.errorCode.not', /"X"/],
    [
      'takes an action of another type',
      rule({ riskScore: 1 }, outcome('DENY_REFUND')),
      'rules[2].then.action',
      /DENY_REFUND is not allowed for DECLINE/,
    ],
    ['takes an action nobody knows', rule({ riskScore: 1 }, outcome('REFUSE')), 'rules[2].then.action', /must be/],
    ['is more than sure', rule({ riskScore: 1 }, outcome('ESCALATE', 101)), 'rules[2].then.confidence', /at most 100/],
    [
      'is less than unsure',
      rule({ riskScore: 1 }, outcome('ESCALATE', -1)),
      'rules[2].then.confidence',
      /non-negative|at least 0/,
    ],
    ['is sure by halves', rule({ riskScore: 1 }, outcome('ESCALATE', 1.5)), 'rules[2].then.confidence', /integer/],
    [
      'gives no reason',
      rule({ riskScore: 1 }, outcome('ESCALATE', 5, '')),
      'rules[2].then.because',
      /non-empty|at least/,
    ],
    [
      'tells an unknown fact',
      rule({ riskScore: 1 }, outcome('ESCALATE', 5, 'A {risk}.')),
      'rules[2].then.because',
      /tells \{risk\}, which is not a fact/,
    ],
    [
      'cites a section that does not exist',
      rule({ riskScore: 1 }, { section: '§9.9' }),
      'rules[2].section',
      /§9.9 is not a section/,
    ],
    ['cites no section', rule({ riskScore: 1 }, { section: '9.9' }), 'rules[2].section', /such as §2.1/],
    ['has the id of another', rule({ riskScore: 1 }, { id: 'ceiling' }), 'rules[2].id', /ceiling is the id of another/],
    ['has a word too many', rule({ riskScore: 1 }, { wehn: {} }), 'rules[2].wehn', /must be removed/],
    [
      'stands below one that says the same',
      rule({ aboveCeiling: true, riskScore: 1 }),
      'rules[2]',
      /rule can never apply: ceiling above it/,
    ],
  ])('is refused where a rule %s, with the place', ([, row, path, problem]) => {
    const problems = problemsOf(toText(table([row])))

    expect(problems).toEqual([{ file: 'p/rules.json', line: 4, path, problem: expect.stringMatching(problem) }])
  })

  it('has its currencies in upper case, in its list and in its conditions', () => {
    const parsed = parseDecisionTable(
      toText(table([rule({ currency: 'usd' })], { currencies: ['usd', 'EUR'] })),
      context,
    )

    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    expect(parsed.table.currencies).toEqual(['USD', 'EUR'])
    expect(parsed.table.rules[2]?.conditions[0]?.holds('USD')).toBe(true)
  })

  it.for(['ABC', 'XXX', 'US'])('is refused for the currency %s, in its list and in its conditions', (code) => {
    const ofList = problemsOf(toText(table([], { currencies: [code] })))
    const ofCondition = problemsOf(toText(table([rule({ transactionCurrency: { not: code } })])))

    expect([ofList, ofCondition].map(([problem]) => problem?.path)).toEqual([
      'currencies[0]',
      'rules[2].when.transactionCurrency.not',
    ])
  })

  it('is refused where a rule stands below one without conditions', () => {
    const [first, ...more] = problemsOf(toText(table([rule({}), rule({ riskScore: 1 }, { id: 'later' })])))

    expect(first).toMatchObject({ line: 5, path: 'rules[3]', problem: expect.stringMatching(/later can never apply/) })
    expect(more).toMatchObject([{ line: 6, path: 'rules[4]', problem: expect.stringMatching(/last can never apply/) }])
  })

  it('is refused where the last rule has conditions, since some case might find none', () => {
    const rules = [...guards, rule({ riskScore: { lte: 100 } })]

    const problems = problemsOf(toText({ ...table([]), rules }))

    expect(problems).toMatchObject([
      { line: 4, path: 'rules[2]', problem: expect.stringMatching(/every case is decided/) },
    ])
  })

  it('is refused without any rule', () => {
    const problems = problemsOf(toText({ ...table([]), rules: [] }))

    expect(problems).toMatchObject([{ path: 'rules', problem: expect.stringMatching(/non-empty|at least 1/) }])
  })

  it.for<[string, Row[]]>([
    ['aboveCeiling', [guards[0]!, rule({ riskScore: 1 }), last]],
    ['currencySupported', [guards[1]!, rule({ riskScore: 1 }), last]],
    ['aboveCeiling', [guards[0]!, rule({ riskScore: 1 }), guards[1]!, last]],
    ['aboveCeiling', [guards[0]!, { ...guards[1], when: { aboveCeiling: true, riskScore: 1 } }, last]],
  ])('is refused where %s does not escalate before anything else is decided', ([fact, rules]) => {
    const problems = problemsOf(toText({ ...table([]), rules }))

    expect(problems).toMatchObject([{ path: 'rules', problem: expect.stringContaining(`where ${fact} is`) }])
  })

  it('is refused where it serves another type than the skill', () => {
    const text = toText(table([])).replace('DECLINE', 'REFUND_REQUEST')

    expect(problemsOf(text)).toMatchObject([{ line: 1, path: 'serves', problem: expect.stringContaining('DECLINE') }])
  })

  it('is refused where an adjustment asks for an unknown fact', () => {
    const adjustment = { id: 'a', section: '§1.1', when: { age: 1 }, confidence: -5, because: 'Because.' }

    const problems = problemsOf(toText(table([], { adjustments: [adjustment] })))

    expect(problems).toMatchObject([{ line: 1, path: 'adjustments[0].when.age' }])
  })

  it('is refused with all of its problems at once', () => {
    const rows = [rule({ riskScor: 1 }), rule({ errorCode: 'X' }, { section: '§7' })]

    const problems = problemsOf(toText(table(rows)))

    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [4, 'rules[2].when.riskScor'],
      [5, 'rules[3].when.errorCode'],
      [5, 'rules[3].section'],
      [5, 'rules[3].id'],
    ])
  })
})

describe('a decision table of a wrong shape', () => {
  it('is refused with what is wrong in its conditions, too', () => {
    const rows = [rule({ riskScor: 1 }), rule({ riskScore: 1 }, { confidence: 1 })]

    const problems = problemsOf(toText(table(rows)))

    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [5, 'rules[3].confidence'],
      [4, 'rules[2].when.riskScor'],
    ])
  })

  it.for(['null', '[]', '7', '{}', '{"rules":5}', '{"rules":[5,null]}', '{"rules":[{"when":7}]}'])(
    'such as %s is refused',
    (text) => {
      expect(problemsOf(text)).not.toEqual([])
    },
  )
})

describe('JSON that is broken', () => {
  const good = toText(table([rule({ riskScore: 1 })]))

  it.for<[string, string, number, string]>([
    ['lacks a comma', good.replace('},\n', '}\n'), 3, '{ stands where , or ] should be'],
    ['has a comma too many', good.replace('}\n]', '},\n]'), 6, '] stands where a value should be'],
    ['has a comment', good.replace('\n', '\n// why\n'), 2, '/ stands where a value should be'],
    [
      'ends in the middle',
      good.slice(0, good.indexOf(',"section":"§1.1","when":{"aboveCeiling"')),
      3,
      'the end stands where , or } should be',
    ],
    [
      'says a thing twice',
      good.replace('{"riskScore":1}', '{"riskScore":1,"riskScore":2}'),
      4,
      '"riskScore" stands where a name that was not given yet should be',
    ],
    ['goes on after its end', `${good}}`, 6, '} stands where the end should be'],
    ['is not JSON at all', 'rules: none', 1, 'r stands where a value should be'],
    ['is empty', '', 1, 'the end stands where a value should be'],
  ])('is refused where it %s, with the line', ([, text, line, problem]) => {
    const problems = problemsOf(text)

    expect(problems).toEqual([{ file: 'p/rules.json', line, path: '', problem: `is not valid JSON: ${problem}` }])
  })
})
