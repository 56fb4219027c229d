import { describe, expect, it } from 'vitest'
import { openGraph } from './graph-of-test.ts'

const SDL = `scalar Long input In { l: Long ls: [Long] n: Int }
  type Query { big: Long bigs: [Long] id: ID ids: [ID!] n: Int ns: [Int] x: Float acc: Acc seen(l: Long, in: In, ls: [Long]): String }
  type Acc { seen(l: Long): String }`

/** A subgraph that answers a text, and notes what it is asked. */
async function open(body: string) {
  const asked: string[] = []
  const graph = await openGraph({
    a: {
      sdl: SDL,
      respond({ text }) {
        asked.push(text)
        return { body }
      },
    },
  })
  return { ...graph, asked }
}

describe('a custom scalar', () => {
  it.for(['9007199254740993', '-12345678901234567890', '0.1234567890123456789', '1.10', '1e400', '[1.0,{"a":1E5}]'])(
    'keeps the digits of %s in an answer',
    async (number) => {
      const { run } = await open(`{"data":{"big":${number}}}`)

      expect(await run('{"query":"{ big }"}')).toBe(`{"data":{"big":${number}}}`)
    },
  )
})

describe('a number of a custom scalar', () => {
  const LONG = '9007199254740993'

  it.for([
    [
      'a literal',
      `{ acc { seen(l: ${LONG}) } }`,
      '{}',
      '"query($exact0:Long){acc{seen(l:$exact0)}}"',
      `"exact0":${LONG}`,
    ],
    ['a decimal', '{ acc { seen(l: 1.10) } }', '{}', '(l:$exact0)', '"exact0":1.10'],
    ['an exponent', '{ acc { seen(l: 1e400) } }', '{}', '(l:$exact0)', '"exact0":1e400'],
    [
      'within an input',
      `{ seen(in: { l: ${LONG}, ls: [1, ${LONG}], n: 1 }) }`,
      '{}',
      '{l:$exact0 ls:[1$exact1]n:1}',
      `"exact1":${LONG}`,
    ],
    ['for a list', `{ seen(ls: ${LONG}) }`, '{}', '$exact0:[Long]', `"exact0":${LONG}`],
    // A number alone is no value of a scalar such as JSONObject, so that the variable has to be the whole.
    ['within JSON', `{ seen(l: { a: [${LONG}] }) }`, '{}', '(l:$exact0)', `"exact0":{"a":[${LONG}]}`],
    ['within JSON in a list', `{ seen(ls: [{ a: 1.50 }]) }`, '{}', '(ls:[$exact0])', '"exact0":{"a":1.50}'],
    ['as a default', `query($l: Long = ${LONG}) { seen(l: $l) }`, '{}', 'query($l:Long){seen(l:$l)}', `"l":${LONG}`],
    ['before a default', `query($l: Long = ${LONG}) { seen(l: $l) }`, '{"l":5}', '$l', '"l":5'],
    ['as a variable', 'query($l: Long) { seen(l: $l) }', `{"l":${LONG}}`, '$l', `"l":${LONG}`],
    [
      'within a variable',
      'query($in: In) { seen(in: $in) }',
      `{"in":{"l":${LONG},"n":5.0}}`,
      '$in',
      `"in":{"l":${LONG},"n":5}`,
    ],
  ])('reaches the subgraph with its digits: %s', async ([, query, variables, sentQuery, sentVariable]) => {
    const { run, asked } = await open('{"data":{"seen":"yes","acc":{"seen":"yes"}}}')

    await run(`{"query":${JSON.stringify(query)},"variables":${variables}}`)

    expect(asked[0]).toContain(sentQuery)
    expect(asked[0]).toContain(sentVariable)
  })

  it('is one of JavaScript beside a variable within JSON', async () => {
    const { run, asked } = await open('{"data":{"seen":"yes"}}')

    await run('{"query":"query($l: Long) { seen(l: { a: 1.50, b: $l }) }","variables":{"l":2}}')

    expect(asked[0]).toContain('(l:{a:1.5 b:$l})')
  })

  it('counts as one in the answer of a field', async () => {
    const { run } = await open('{"data":{"seen":"yes"}}')

    expect(await run(`{"query":"{ seen(l: ${LONG}) }"}`)).toBe('{"data":{"seen":"yes"}}')
  })
})

describe('a value of a subgraph', () => {
  it.for<[string, string, string]>([
    ['id', '5', '"5"'],
    ['id', '9007199254740993', '"9007199254740993"'],
    ['ids', '[1,"2",3]', '["1","2","3"]'],
    ['n', '5.0', '5'],
    ['n', '-2147483648', '-2147483648'],
    ['x', '1.10', '1.1'],
    ['x', '12345678901234567890', '12345678901234567000'],
  ])('of %s, %s, is answered as %s', async ([field, given, answered]) => {
    const { run } = await open(`{"data":{"${field}":${given}}}`)

    expect(await run(`{"query":"{ ${field} }"}`)).toBe(`{"data":{"${field}":${answered}}}`)
  })

  it.for<[string, string]>([
    ['n', '3000000000'],
    ['n', '2147483648'],
    ['n', '9007199254740993'],
    ['n', '1.5'],
    ['x', '1e400'],
    ['id', '5.5'],
    ['id', 'true'],
  ])('of %s, %s, is an error', async ([field, given]) => {
    const { ask } = await open(`{"data":{"${field}":${given}}}`)

    expect(await ask(`{ ${field} }`)).toEqual({
      data: { [field]: null },
      errors: [expect.objectContaining({ path: [field], extensions: { code: 'SUBGRAPH_INVALID_ANSWER' } })],
    })
  })
})
