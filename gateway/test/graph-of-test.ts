import { onTestFinished } from 'vitest'
import { openForeignGraph } from './foreign-graph.ts'

/** Our operations over subgraphs that are not ours, closed when the calling test has ended. */
export async function openGraph(...given: Parameters<typeof openForeignGraph>) {
  const graph = await openForeignGraph(...given)
  onTestFinished(graph.close)
  return graph
}
