import { readFileSync } from 'node:fs'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Subgraphs } from '../execution/subgraphs/subgraphs.ts'
import { createGraph, type Graph } from './graph.ts'
import { createLocalRoot, type IsReady } from './local-root.ts'
import { watchGraphFile } from './watch-graph.ts'

export type SchemaOptions = Readonly<{
  /** The path of the supergraph. */
  file: string
  subgraphs: Subgraphs
  isReady: IsReady
  logger: Logger
}>

export type OpenSchema = Readonly<{
  /** The graph at the start. */
  graph: Graph
  /** Calls back with a new graph whenever the file has changed and can be used. */
  watch: (onReplaced: (graph: Graph) => void) => Disposable
}>

/** Loads the supergraph. @throws if the file is not a usable supergraph. */
export function openSchema({ file, subgraphs, isReady, logger }: SchemaOptions): OpenSchema {
  const local = createLocalRoot({ subgraphs, isReady })
  const load = () => createGraph(readFileSync(file, 'utf8'), { sourceOf: subgraphs.sourceOf, local })
  return {
    graph: load(),
    watch: (onReplaced) =>
      watchGraphFile(file, () => {
        try {
          onReplaced(load())
          logger.info('the supergraph has changed, and is in force')
        } catch (err) {
          logger.error({ err }, 'the supergraph has changed and cannot be used; the previous one stays in force')
        }
      }),
  }
}
