import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that wait for processes and timers come first, so that short files of pure computing fill both cores to the end. */
const PROJECTS = ['whole system', 'integration', 'fast']

/**
 * The files that take longest, longest first. A clean clone has no times of an earlier run, and the size of a file, by
 * which Vitest sorts then, says little about the time that the file takes.
 */
export const LONGEST: readonly string[] = [
  'gateway/test/way-of-an-issue.e2e.test.ts',
  'audit-service/test/process.int.test.ts',
  'infra/devdb/test/devdb.int.test.ts',
  'shared/src/events/stream-consumer.int.test.ts',
  'gateway/test/live-kill.int.test.ts',
  'gateway/test/live.int.test.ts',
  'decision-service/test/check-skills.int.test.ts',
  'gateway/test/subgraph-faults.test.ts',
  'scripts/stack/stack.test.ts',
  'gateway/test/process.test.ts',
]

/** Orders test files so that no long one is left to run alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = `${this.ctx.config.root}/`
    const places = new Map(LONGEST.map((file, place) => [root + file, place]))
    const placeOf = ({ moduleId }: TestSpecification) => places.get(moduleId) ?? LONGEST.length
    const projectOf = ({ project }: TestSpecification) => PROJECTS.indexOf(project.name)
    const sorted = await super.sort(files)
    return sorted.sort((one, other) => projectOf(one) - projectOf(other) || placeOf(one) - placeOf(other))
  }
}
