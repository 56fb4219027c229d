import type { Stack } from './stack.ts'

const FIRST_QUERY = '{ issues(first: 5) { nodes { id type status decision { action confidence routing reasoning } } } }'

/** The addresses, a first query to paste, and a token for each role. */
export function toWelcome(
  { graphql, tokens }: Stack,
  { dataDirectory, isEmbedded }: { dataDirectory: string; isEmbedded: boolean },
) {
  const at = (path: string) => new URL(path, graphql).href
  const addresses = [
    'Redress is ready.',
    '',
    `  GraphQL     ${graphql}`,
    `  Playground  ${at('/playground')}`,
    `  Health      ${at('/health')}`,
  ]
  const database = isEmbedded ? ['  The embedded database is for trying and developing, not for production.'] : []
  return [
    '',
    ...addresses,
    '',
    ...(tokens === null ? [NO_TOKENS] : [...firstQuery(graphql, tokens.operator), '', ...tokenLines(tokens)]),
    '',
    `  Data and keys are in ${dataDirectory}.`,
    ...database,
    '  Ctrl-C stops everything.',
    '',
  ].join('\n')
}

const NO_TOKENS = '  JWT_PUBLIC_KEY_PATH names a key of yours: present a token that it verifies.'

const firstQuery = (graphql: string, token: string) => [
  'A first query, ready to paste:',
  '',
  `curl -s ${graphql} -H 'content-type: application/json' -H 'authorization: Bearer ${token}' -d '${JSON.stringify({ query: FIRST_QUERY })}'`,
]

const tokenLines = (tokens: Readonly<Record<string, string>>) => [
  'Development tokens, good for 8 hours; dev.json always has new ones:',
  '',
  ...Object.entries(tokens).map(([role, token]) => `  ${role.padEnd(10)} ${token}`),
]
