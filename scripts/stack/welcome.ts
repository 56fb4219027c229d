import { operatorHeaderIn } from './dev-file.ts'
import type { Stack } from './stack.ts'

const FIRST_QUERY = '{ issues(first: 5) { nodes { id type status decision { action confidence routing reasoning } } } }'

/** The addresses, a first query to paste, and a token for each role. */
export function toWelcome(
  { graphql, playground, tokens }: Stack,
  { dataDirectory, isEmbedded }: { dataDirectory: string; isEmbedded: boolean },
) {
  const at = (path: string) => new URL(path, graphql).href
  const addresses = [
    'Redress is ready.',
    '',
    `  GraphQL     ${graphql}`,
    ...(playground === null
      ? []
      : [`  Playground  ${playground}`, '              The link works once and signs this browser in.']),
    `  Health      ${at('/health')}`,
  ]
  const database = isEmbedded ? ['  The embedded database is for trying and developing, not for production.'] : []
  return [
    '',
    ...addresses,
    '',
    ...(tokens === null ? [NO_TOKENS] : [...firstQuery(graphql, dataDirectory), '', ...tokenLines(tokens)]),
    '',
    `  Data and keys are in ${dataDirectory}.`,
    ...database,
    '  Ctrl-C stops everything.',
    '',
  ].join('\n')
}

const NO_TOKENS = `  There are no development tokens, samples or playground here: present a token that JWT_PUBLIC_KEY_PATH
  verifies. On a database of yours, NODE_ENV=development adds them.`

/** With the token in a file, because other users of this machine can read command lines. */
const firstQuery = (graphql: string, dataDirectory: string) => [
  'A first query, ready to paste:',
  '',
  `curl -s ${graphql} -H 'content-type: application/json' -H '@${operatorHeaderIn(dataDirectory)}' -d '${JSON.stringify({ query: FIRST_QUERY })}'`,
]

const tokenLines = (tokens: Readonly<Record<string, string>>) => [
  'Development tokens, good for 8 hours; dev.json always has new ones:',
  '',
  ...Object.entries(tokens).map(([role, token]) => `  ${role.padEnd(10)} ${token}`),
]
