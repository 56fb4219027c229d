/** A document that somebody sends to do harm, and how a gateway with the standard preset refuses it. */
export type HostileDocument = Readonly<{
  name: string
  text: string
  variables?: Readonly<Record<string, unknown>>
  /** The code in the answer: one of ours, or one of Apollo's for text that is not GraphQL. */
  code: 'QUERY_TOO_LARGE' | 'QUERY_TOO_DEEP' | 'QUERY_TOO_COSTLY' | 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED'
  /** Which limit, where the code is QUERY_TOO_LARGE. */
  what?: string
}>

const times = (count: number, piece: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => piece(i)).join(' ')
const nest = (count: number, open: string, close: string, core = '') => open.repeat(count) + core + close.repeat(count)
const nestList = (depth: number): unknown => Array.from({ length: depth }).reduce((inner) => [inner], 0 as unknown)
const query = (below: string) => `{ issues { nodes { ${below} } } }`

const LARGE: readonly (Omit<HostileDocument, 'code' | 'what'> & { what: string })[] = [
  { name: 'text of 200 KB', text: `{ issue(id: "${'x'.repeat(200_000)}") { id } }`, what: 'bytes' },
  { name: 'comments of 150 KB', text: `${'# nothing\n'.repeat(15_000)}{ __typename }`, what: 'bytes' },
  { name: 'smileys of four bytes each', text: `{ issue(id: "${'😀'.repeat(26_000)}") { id } }`, what: 'bytes' },
  { name: '5,000 root fields', text: `{ ${times(5_000, () => '__typename')} }`, what: 'tokens' },
  { name: 'punctuation only', text: '!'.repeat(100_000), what: 'tokens' },
  {
    name: 'numbers without space',
    text: `{ issues(first: [${'1-'.repeat(40_000)}1]) { totalCount } }`,
    what: 'tokens',
  },
  {
    name: 'a number of 10,000 digits',
    text: `{ issues(first: ${'9'.repeat(10_000)}) { totalCount } }`,
    what: 'wordLength',
  },
  { name: 'a name of 50,000 letters', text: `{ ${'a'.repeat(50_000)} }`, what: 'wordLength' },
  { name: 'fields 10,000 deep', text: nest(10_000, '{a', '}'), what: 'nesting' },
  { name: 'inline fragments 10,000 deep', text: `{${nest(10_000, '...{', '}', '__typename')}}`, what: 'nesting' },
  { name: 'lists 10,000 deep', text: `{ a(b: ${nest(10_000, '[', ']')}) }`, what: 'nesting' },
  { name: 'input objects 10,000 deep', text: `{ a(b: ${nest(10_000, '{c:', '}', '1')}) }`, what: 'nesting' },
  { name: 'a variable type 10,000 deep', text: `query ($a: ${nest(10_000, '[', ']', 'Int')}) { b }`, what: 'nesting' },
  { name: 'brackets that never close', text: '{'.repeat(100_000), what: 'nesting' },
  {
    name: 'fragments that nest 500 deep together',
    text: `{ ...F0 } ${times(90, (i) => `fragment F${i} on Query { ${nest(6, '...{', '}', `...F${i + 1}`)} }`)} fragment F90 on Query { __typename }`,
    what: 'nesting',
  },
  { name: 'an alias bomb', text: `{ queues { ${times(31, (i) => `a${i}: name`)} } }`, what: 'aliases' },
  {
    name: 'an alias bomb in many places',
    text: `{ ...A ...B } ${['A', 'B'].map((f) => `fragment ${f} on Query { queues { ${times(20, (i) => `${f}${i}: name`)} } }`).join(' ')}`,
    what: 'aliases',
  },
  { name: 'an alias bomb of 1,000', text: query(times(1_000, (i) => `a${i}: id`)), what: 'aliases' },
  { name: '21 root fields', text: `{ ${times(21, () => 'queues { name }')} }`, what: 'rootFields' },
  {
    name: 'root fields out of fragments',
    text: `{ ${times(11, () => '...A')} } fragment A on Query { queues { name } __typename }`,
    what: 'rootFields',
  },
  { name: 'a __schema storm', text: `{ ${times(30, (i) => `a${i}: __schema { description }`)} }`, what: 'rootFields' },
  { name: 'a directive flood', text: `{ __typename ${'@include(if: true) '.repeat(51)} }`, what: 'directives' },
  { name: 'unknown directives by hundreds', text: `{ __typename ${'@a '.repeat(2_000)} }`, what: 'directives' },
  { name: 'directives on variables', text: `query ($a: Int ${'@a '.repeat(60)}) { __typename }`, what: 'directives' },
  { name: 'an operation flood', text: times(500, (i) => `query Q${i} { __typename }`), what: 'operations' },
  {
    name: 'fragments by hundreds',
    text: `{ __typename } ${times(500, (i) => `fragment F${i} on Query { __typename }`)}`,
    what: 'fragments',
  },
  { name: '2,100 fields', text: query('id '.repeat(2_100)), what: 'fields' },
  {
    name: 'one fragment 1,000 times',
    text: `${query('...F '.repeat(1_000))} fragment F on Issue { id type status }`,
    what: 'fields',
  },
  {
    name: 'a fan-out bomb',
    text: `${query('...F0')} ${times(55, (i) => `fragment F${i} on Issue { ...F${i + 1} ...F${i + 1} }`)} fragment F55 on Issue { id }`,
    what: 'fields',
  },
  {
    name: 'a fan-out bomb of 20 each',
    text: `${query('...F0')} ${times(50, (i) => `fragment F${i} on Issue { ${`...F${i + 1} `.repeat(20)} }`)} fragment F50 on Issue { id }`,
    what: 'fields',
  },
  {
    name: 'fragments that all contain each other',
    text: `${query('...F0')} ${times(60, (i) => `fragment F${i} on Issue { id ${times(35, (j) => `...F${(i + j) % 60}`)} }`)}`,
    what: 'fields',
  },
  {
    name: 'a circle of 100 fragments with short cuts',
    text: `${query('...F0')} ${times(100, (i) => `fragment F${i} on Issue { id ...F${(i + 1) % 100} ...F${(i + 2) % 100} }`)}`,
    what: 'fields',
  },
  {
    name: 'one deep fragment 1,500 times',
    text: `${query('...F '.repeat(1_500))} fragment F on Issue { ${nest(55, '... { ', ' }', 'id')} }`,
    what: 'selections',
  },
  {
    name: 'a fan-out bomb in an operation that is not run',
    text: `query A { __typename } query B { __schema { types { ...F0 } } } ${times(55, (i) => `fragment F${i} on __Type { ...F${i + 1} ...F${i + 1} }`)} fragment F55 on __Type { name }`,
    what: 'selections',
  },
  {
    name: 'a fan-out bomb that nobody spreads',
    text: `{ __typename } fragment X on Query { __schema { types { ...F0 } } } ${times(55, (i) => `fragment F${i} on __Type { ...F${i + 1} ...F${i + 1} }`)} fragment F55 on __Type { name }`,
    what: 'selections',
  },
  {
    name: 'introspection 16 deep',
    text: `{ __type(name: "Issue") { fields { type { ${nest(12, 'ofType {', '}', 'name')} } } } }`,
    what: 'introspectionDepth',
  },
  {
    name: 'a variable 11 deep',
    text: 'query ($a: DateTime) { issues(filter: { createdAfter: $a }) { totalCount } }',
    variables: { a: nestList(11) },
    what: 'variableDepth',
  },
  {
    name: 'a variable 10,000 deep',
    text: 'query ($a: DateTime) { issues(filter: { createdAfter: $a }) { totalCount } }',
    variables: { a: nestList(10_000) },
    what: 'variableDepth',
  },
  {
    name: 'a variable of 20,000 values',
    text: 'query ($a: [IssueType!]) { issues(filter: { type: $a }) { totalCount } }',
    variables: { a: Array(20_000).fill('DISPUTE') },
    what: 'variableNodes',
  },
  { name: '20,000 variables', text: '{ __typename }', variables: { ...Array(20_000).fill(0) }, what: 'variableNodes' },
]

const DEEP: readonly Omit<HostileDocument, 'code'>[] = [
  { name: '11 fields', text: query(nest(4, 'customer { issues {', '} }', 'totalCount')) },
  {
    name: 'fields deep by way of fragments',
    text: `{ issues { nodes { ...A } } } ${times(9, (i) => `fragment ${'A'.repeat(i + 1)} on Issue { customer { issues { nodes { ...${'A'.repeat(i + 2)} } } } }`)} fragment ${'A'.repeat(10)} on Issue { id }`,
  },
]

const COSTLY: readonly Omit<HostileDocument, 'code'>[] = [
  { name: 'a page of everything', text: '{ issues(first: 2147483647) { nodes { id } } }' },
  {
    name: 'a page of everything, by a variable',
    text: 'query ($n: Int) { issues(first: $n) { nodes { id } } }',
    variables: { n: 2_147_483_647 },
  },
  {
    name: 'a product that no number holds',
    text: query(nest(2, 'customer { issues(first: 2147483647) { nodes {', '} } }', 'id')),
  },
  {
    name: 'lists of lists of lists',
    text: query('customer { issues { nodes { customer { transactions { nodes { id } } } } } }'),
  },
  {
    name: 'lists by way of fragments',
    text: `${query('...A')} fragment A on Issue { ${times(3, (i) => `a${i}: auditTrail { nodes { id } edges { cursor } }`)} }`,
  },
  { name: 'the last of many', text: '{ issues(first: 1, last: 5000) { edges { cursor } } }' },
  { name: 'the chain verified thrice', text: `{ ${times(3, (i) => `v${i}: verifyAuditChain { valid }`)} }` },
  {
    name: 'twenty mutations',
    text: `mutation { ${times(20, (i) => `m${i}: retryIssue(id: "${i}") { issue { id } }`)} }`,
  },
  {
    name: 'types of types, twenty times',
    text: `{ __schema { types { ${times(20, (i) => `f${i}: fields { type { fields { type { name } } } }`)} } } }`,
  },
]

const INVALID: readonly Omit<HostileDocument, 'code'>[] = [
  { name: 'a fragment of itself', text: '{ ...A } fragment A on Query { ...A }' },
  {
    name: 'a circle of fields',
    text: `${query('...A')} fragment A on Issue { customer { issues { nodes { ...A } } } }`,
  },
  {
    name: 'a circle of 50 fragments',
    text: `${query('...F0')} ${times(50, (i) => `fragment F${i} on Issue { id ...F${(i + 1) % 50} }`)}`,
  },
  { name: 'unused variables by thousands', text: `query (${times(1_200, (i) => `$v${i}: Int`)}) { __typename }` },
  {
    name: 'one variable defined 1,000 times',
    text: `query (${times(1_000, () => '$v: Int')}) { issues(first: $v) { totalCount } }`,
  },
  { name: 'undefined variables', text: `{ ${times(20, (i) => `issue(id: $v${i}) { id }`)} }` },
  {
    name: 'undefined variables in many operations',
    text: `${times(5, (i) => `query Q${i} { ...A }`)} fragment A on Query { issues { nodes { ${times(300, (i) => `customer { issues(first: $v${i}) { totalCount } }`)} } } }`,
  },
  { name: 'unknown fields by thousands', text: query(times(1_900, (i) => `idd${i}`)) },
  { name: 'unknown fragments by thousands', text: query(times(1_900, (i) => `...F${i}`)) },
  { name: 'one argument 1,000 times', text: `{ issue(${times(1_000, () => 'id: "1"')}) { id } }` },
  { name: 'unknown arguments', text: `{ issue(${times(1_000, (i) => `a${i}: 1`)}) { id } }` },
  {
    name: 'an input field 1,000 times',
    text: `{ issues(filter: { ${times(1_000, () => 'type: DISPUTE')} }) { totalCount } }`,
  },
  {
    name: 'an enum list of nonsense',
    text: `{ issues(filter: { type: [${times(4_000, (i) => `E${i}`)}] }) { totalCount } }`,
  },
  { name: 'an integer beyond 32 bits', text: '{ issues(first: 99999999999) { totalCount } }' },
  { name: 'a list 60 deep', text: `{ issues(filter: { type: ${nest(60, '[', ']')} }) { totalCount } }` },
  { name: 'keys in conflict', text: `{ queues { ${times(30, (i) => `a${i}: name a${i}: tier`)} } }` },
  {
    name: 'conflicts far below',
    text: query(`${'customer { issues { nodes { id } } } '.repeat(200)} customer { issues { nodes { id: type } } }`),
  },
  {
    name: 'a conflict with each of 350 arguments',
    text: `{ issues { nodes { ${times(350, (i) => `customer { issues(first: ${i}) { totalCount } }`)} } } }`,
  },
  {
    name: 'a conflict with a large argument',
    text: query(
      `auditTrail(after: "${'x'.repeat(20_000)}") { totalCount } ${times(500, () => 'auditTrail(after: "x") { totalCount }')}`,
    ),
  },
  {
    name: 'a union with conflicting shapes',
    text: query(
      `details { ${times(300, () => '... on DeclineDetails { a: errorCode } ... on DisputeDetails { a: daysSincePurchase }')} }`,
    ),
  },
  {
    name: 'types inside types, as the introspection allows none',
    text: `{ __schema { types { ${nest(4, 'fields { type {', '} }', 'name')} } } }`,
  },
  { name: 'a fragment on everything', text: `{ ${times(20, (i) => `... on Type${i} { id }`)} }` },
]

const UNREADABLE: readonly Omit<HostileDocument, 'code'>[] = [
  { name: 'nothing', text: '' },
  { name: 'white space of 100 KB', text: ' '.repeat(100_000) },
  { name: 'brackets of full width', text: '｛ __typename ｝' },
  { name: 'a Cyrillic letter in a name', text: '{ issuеs { totalCount } }' },
  { name: 'text that turns its direction', text: '{ \u202Eissues\u202C { totalCount } }' },
  { name: 'a null character', text: '{ __typename \u0000 }' },
  { name: 'half a character', text: '{ issue(id: "\\uD83D") { id } }' },
  { name: 'a string that never ends', text: `{ issue(id: "${'\\"'.repeat(20_000)}` },
  { name: 'a block string that never ends', text: `{ issue(id: """${'\\"""'.repeat(20_000)}` },
  { name: 'quotation marks only', text: '"'.repeat(4_000) },
  { name: 'a number that is none', text: '{ issues(first: 0x7fffffff) { totalCount } }' },
]

/** Every way we know to make a gateway work more than it earns. */
export const HOSTILE_DOCUMENTS: readonly HostileDocument[] = [
  ...LARGE.map((document) => ({ ...document, code: 'QUERY_TOO_LARGE' as const })),
  ...DEEP.map((document) => ({ ...document, code: 'QUERY_TOO_DEEP' as const })),
  ...COSTLY.map((document) => ({ ...document, code: 'QUERY_TOO_COSTLY' as const })),
  ...INVALID.map((document) => ({ ...document, code: 'GRAPHQL_VALIDATION_FAILED' as const })),
  ...UNREADABLE.map((document) => ({ ...document, code: 'GRAPHQL_PARSE_FAILED' as const })),
]

/** Large, odd or strange, and all right: a limit that refuses one of them is too tight. */
export const HARMLESS_DOCUMENTS: readonly Pick<HostileDocument, 'name' | 'text' | 'variables'>[] = [
  { name: 'byte order marks of 90 KB', text: `${'\uFEFF'.repeat(30_000)}{ queues { name } }` },
  { name: 'a comment with brackets and quotation marks', text: `# ${'{ " """ [ ('.repeat(900)}\n{ queues { name } }` },
  { name: 'a string with brackets', text: `{ issue(id: "${'{[('.repeat(900)}") { id } }` },
  { name: 'a block string with brackets', text: `{ issue(id: """${'{[( \\""" " '.repeat(900)}""") { id } }` },
  { name: '1,900 times the same field', text: query('id '.repeat(1_900)) },
  { name: 'the same object 600 times', text: `{ issue(id: "1") { ${'customer { id } '.repeat(600)} } }` },
  {
    name: 'fragments that spread each other without a circle',
    text: `${query('...F0')} ${times(40, (i) => `fragment F${i} on Issue { id ...F${i + 1} }`)} fragment F40 on Issue { type }`,
  },
]
