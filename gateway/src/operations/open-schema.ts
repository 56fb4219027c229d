import { readFileSync } from 'node:fs'
import { ConfigError } from '@redress/shared/process/config-error.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { parse } from 'graphql'
import type { OpenPlanner } from '../execution/planning/planning.ts'
import type { Subgraphs } from '../execution/subgraphs/subgraphs.ts'
import { createGraph, type Graph } from './graph.ts'
import { createLocalRoot, type IsReady } from './local-root.ts'
import { watchGraphFile } from './watch-graph.ts'

const FIRST = parse('{ __typename }')

export type SchemaOptions = Readonly<{
  /** The path of the supergraph. */
  file: string
  subgraphs: Subgraphs
  isReady: IsReady
  openPlanner: OpenPlanner
  logger: Logger
}>

export type OpenSchema = Readonly<{
  /** The graph at the start. */
  graph: Graph
  /** Calls back with a new graph whenever the file has changed and can be used. */
  watch: (onReplaced: (graph: Graph) => void) => Disposable
}>

/** Loads the supergraph. @throws ConfigError if the file is not a usable supergraph. */
export async function openSchema(options: SchemaOptions): Promise<OpenSchema> {
  const { file, subgraphs, isReady, openPlanner, logger } = options
  const local = createLocalRoot({ subgraphs, isReady })
  const load = async () => {
    const graph = createGraph(readFileSync(file, 'utf8'), { sourceOf: subgraphs.sourceOf, local, openPlanner })
    // The first plan takes long, because a thread starts and reads the supergraph: no client should wait for it.
    await graph.plan(FIRST, null)
    return graph
  }
  return {
    graph: await load().catch(refuseFile),
    watch: (onReplaced) =>
      watchGraphFile(file, async () => {
        try {
          onReplaced(await load())
          logger.info('the supergraph has changed, and is in force')
        } catch (err) {
          logger.error({ err }, 'the supergraph has changed and cannot be used; the previous one stays in force')
        }
      }),
  }
}

function refuseFile(cause: unknown): never {
  const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
  throw new ConfigError([`SUPERGRAPH must be a usable supergraph: ${reason}`], { cause })
}
