import { StackError } from '../failure.ts'
import type { Stack } from '../stack.ts'
import { GraphqlError } from './graphql-client.ts'
import { createSampleIssues, followIssues, isDecided, SAMPLE_ISSUES } from './sample-issues.ts'
import { tableHead, toTableRow } from './sample-table.ts'
import { findMissingSamples, seedSampleData } from './seed.ts'

/** Fills an empty database, and prints each sample issue as it is decided. Reports a failure and does not throw it. */
export async function showSampleIssues({ graphql, tokens, environmentOf }: Stack, say: (line: string) => void) {
  if (tokens === null) return
  const endpoint = { url: graphql, token: tokens.operator }
  try {
    const missing = await findMissingSamples(endpoint)
    if (missing.customers) {
      await seedSampleData(environmentOf('issues'))
      say('  sample data stored')
    }
    if (!missing.issues) return

    say(`\n${tableHead()}`)
    const ids = await createSampleIssues(endpoint, 'sample')
    const issues = await followIssues(endpoint, ids, { onFinal: (issue) => say(toTableRow(issue)) })
    const decided = issues.filter(isDecided).length
    if (decided < SAMPLE_ISSUES.length) say(`Only ${decided} of ${SAMPLE_ISSUES.length} sample issues were decided.`)
  } catch (error) {
    if (!(error instanceof GraphqlError || error instanceof StackError)) throw error
    say(`The sample issues could not be shown: ${error.message}`)
  }
}
