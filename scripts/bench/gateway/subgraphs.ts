/** The three subgraphs of the benchmark in one process. They are cheap, so that the gateway dominates the measurement. */
import { compileDocument } from './compile-document.ts'
import { BENCH_GRAPHS } from './rows.ts'
import { serveLean } from './serve-lean.ts'

type Body = Readonly<{ query: string; variables?: Record<string, unknown> }>

/** The size of the cache of compiled documents. A gateway sends only a few different ones. */
const DOCUMENTS_MAX = 1000

const documents = new Map<string, ReturnType<typeof compileDocument>>()

await serveLean((path, body) => {
  if (body === '') return '{"status":"ok"}' // A readiness probe.
  try {
    const { query, variables = {} } = JSON.parse(body) as Body
    return JSON.stringify({ data: documentOf(path, query)(variables) })
  } catch (error) {
    return JSON.stringify({ errors: [{ message: String(error), extensions: { code: 'BENCH' } }] })
  }
})

function documentOf(path: string, query: string) {
  const key = path + query
  const known = documents.get(key)
  if (known) return known
  const graph = BENCH_GRAPHS[path.split('/')[1] ?? '']
  if (graph === undefined) throw new Error(`There is no subgraph at ${path}.`)
  const compiled = compileDocument(query, graph)
  if (documents.size >= DOCUMENTS_MAX) documents.clear()
  documents.set(key, compiled)
  return compiled
}
