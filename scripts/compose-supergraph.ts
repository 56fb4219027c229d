import { readFileSync, writeFileSync } from 'node:fs'
import { composeSupergraph, SUPERGRAPH_FILE } from '../gateway/src/composition/compose-supergraph.ts'

const HELP = `npm run compose [-- --check]

Composes the schemas of the subgraphs and of the gateway's subscriptions into gateway/supergraph.graphql.

  --check   write nothing; exit code 1 when the file differs from the composed schemas`

process.exitCode = run(process.argv.slice(2))

function run([option]: readonly string[]): number {
  if (option === '--help' || option === '-h') return say(HELP, 0)
  if (option !== undefined && option !== '--check') return say(`Unknown option ${option}.\n\n${HELP}`, 64)

  const { supergraph, errors, hints } = composeSupergraph()
  for (const hint of hints) console.error(`hint: ${hint}`)
  if (supergraph === null) {
    const problems = errors.map((error) => `  ${error.replaceAll('\n', '\n  ')}`)
    return say(['The schemas do not compose:', ...problems].join('\n'), 1)
  }

  const isCurrent = readCommitted() === supergraph
  if (isCurrent) return say('gateway/supergraph.graphql is up to date.', 0)
  if (option === '--check') return say('gateway/supergraph.graphql differs from the schemas: run `npm run compose`.', 1)
  writeFileSync(SUPERGRAPH_FILE, supergraph)
  return say('gateway/supergraph.graphql is written.', 0)
}

function readCommitted(): string | null {
  try {
    return readFileSync(SUPERGRAPH_FILE, 'utf8')
  } catch {
    return null
  }
}

function say(text: string, exitCode: number): number {
  if (exitCode === 0) console.log(text)
  else console.error(text)
  return exitCode
}
