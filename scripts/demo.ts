import { randomUUID } from 'node:crypto'
import { DEMO_HELP, printHelpIfAsked } from './stack/help.ts'
import { exitCodeOf, explainIfUnreachable, findEndpoint } from './stack/samples/find-endpoint.ts'
import type { Endpoint } from './stack/samples/graphql-client.ts'
import { createSampleIssues, followIssues, isDecided } from './stack/samples/sample-issues.ts'
import { tableHead, toTableRow } from './stack/samples/sample-table.ts'
import { loadEnvironment } from './stack/settings.ts'

if (!printHelpIfAsked(DEMO_HELP)) {
  process.exitCode = await exitCodeOf(async () =>
    demonstrate(findEndpoint(loadEnvironment(), 'create and read issues')),
  )
}

/** Returns the exit code: 0 when all issues were decided. */
async function demonstrate(endpoint: Endpoint): Promise<number> {
  const ids = await createSampleIssues(endpoint, `demo-${randomUUID()}`).catch(explainIfUnreachable)
  const issues = await followIssues(endpoint, ids, {
    onFinal: ({ id, type }) => console.log(`decided ${id} (${type.toLowerCase()})`),
  })

  console.log(`\n${[tableHead(), ...issues.map(toTableRow)].join('\n')}\n`)
  const decided = issues.filter(isDecided).length
  console.log(`${decided} of ${ids.length} issues were decided.`)
  return decided === ids.length ? 0 : 1
}
