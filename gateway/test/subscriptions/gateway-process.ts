import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchNode } from '../../../scripts/stack/processes/launch-node.ts'
import { startIssuesSubgraph } from './issues-subgraph.ts'
import { createGatewayEnvironment, GATEWAY_PROGRAM } from './real-gateway.ts'

/**
 * The gateway's own program over a small issues subgraph, for scripts/bench/subscriptions.ts. Says by message where it
 * serves, which process it is and a token, and answers each message with the calls of the subgraph so far.
 */
const directory = mkdtempSync(join(tmpdir(), 'redress-bench-gateway-'))
const issues = await startIssuesSubgraph()
const { environment, signToken } = createGatewayEnvironment(directory)
const { child, ready } = launchNode(GATEWAY_PROGRAM, { ...process.env, ...environment, ISSUES_URL: issues.url })
child.stdout?.pipe(process.stdout)
child.stderr?.pipe(process.stderr)
child.once('exit', () => process.exit(1))

const url = await ready
rmSync(directory, { recursive: true })
process.on('message', () => process.send?.({ calls: issues.calls() }))
process.send?.({ ready: true, url, pid: child.pid, token: await signToken({ roles: ['admin'] }) })
