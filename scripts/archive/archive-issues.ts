import { setTimeout as sleep } from 'node:timers/promises'
import { explainIfUnreachable } from '../stack/samples/find-endpoint.ts'
import { callGraphql, type Endpoint } from '../stack/samples/graphql-client.ts'

export type ArchiveOptions = Readonly<{
  olderThanDays: number
  purgeAfterDays: number | null
  dryRun: boolean
  reason: string
}>

type Run = Readonly<{ id: string; status: 'RUNNING' | 'COMPLETED'; moved: number; purged: number }>
type Begun = Readonly<{ archiveIssues: Readonly<{ toMove: number; toPurge: number; run: Run | null }> }>
type Statistics = Readonly<{ live: number; archived: number; oldestResolvedAt: string | null }>

const RUN = '{ id status moved purged }'
const BEGIN = `mutation ArchiveIssues($input: ArchiveIssuesInput!) {
  archiveIssues(input: $input) { toMove toPurge run ${RUN} } }`
const LOOK = `query FindArchiveRun($id: ID!) { archiveRun(id: $id) ${RUN} }`
const STATISTICS = 'query ArchiveStatistics { archiveStatistics { live archived oldestResolvedAt } }'

const LOOK_EVERY_MS = 1_000

/**
 * Begins a run of the archive and waits for its end. The run goes on when this process ends before.
 * @returns a sentence about what was done, or would be done in a dry run.
 * @throws StackError, GraphqlError
 */
export async function archiveIssues(
  endpoint: Endpoint,
  options: ArchiveOptions,
  onProgress: (text: string) => void,
): Promise<string> {
  const begun = await callGraphql<Begun>(endpoint, BEGIN, { input: options }).catch(explainIfUnreachable)
  const { toMove, toPurge, run } = begun.archiveIssues
  if (run === null) return `Dry run, nothing was changed: ${toMove} issues to move, ${toPurge} to delete.`
  let now: Run | null = run
  while (now?.status === 'RUNNING') {
    onProgress(`${now.moved} of ${toMove} moved, ${now.purged} of ${toPurge} deleted`)
    await sleep(LOOK_EVERY_MS)
    now = (await callGraphql<{ archiveRun: Run | null }>(endpoint, LOOK, { id: run.id })).archiveRun
  }
  return `${now?.moved ?? 0} issues moved to the archive, ${now?.purged ?? 0} archived issues deleted.`
}

/** @throws StackError, GraphqlError */
export async function readStatistics(endpoint: Endpoint): Promise<string> {
  const { archiveStatistics } = await callGraphql<{ archiveStatistics: Statistics }>(endpoint, STATISTICS, {}).catch(
    explainIfUnreachable,
  )
  const { live, archived, oldestResolvedAt } = archiveStatistics
  const oldest = oldestResolvedAt === null ? '' : ` The oldest was resolved at ${oldestResolvedAt}.`
  return `${live} issues in work or resolved lately, ${archived} in the archive.${oldest}`
}
