import { readFileSync } from 'node:fs'
import { fromRoot } from '../../repository.ts'

/** The supergraph with the addresses of the subgraphs of the benchmark, for gateways that read them there. */
export function toBenchSupergraph({ ISSUES_URL, DECISIONS_URL, AUDIT_URL }: NodeJS.ProcessEnv): string {
  const addresses = {
    'http://issues/graphql': ISSUES_URL,
    'http://decisions/graphql': DECISIONS_URL,
    'http://audit/graphql': AUDIT_URL,
  }
  return Object.entries(addresses).reduce(
    (text, [placeholder, url]) => text.replace(`"${placeholder}"`, `"${url}/graphql"`),
    readFileSync(fromRoot('gateway/supergraph.graphql'), 'utf8'),
  )
}
