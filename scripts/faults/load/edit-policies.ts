import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fromRoot } from '../../repository.ts'
import { GraphqlError } from '../../stack/samples/graphql-client.ts'
import type { Caller } from './caller.ts'
import type { Journal } from './journal.ts'

const SKILL = 'decline-policy'
const FILE = 'rules.json'

const PROPOSE = `mutation Propose($input: ProposePolicyInput!) { proposePolicy(input: $input) { policy { digest } } }`
const PUBLISH = `mutation Publish($input: PublishPolicyInput!) { publishPolicy(input: $input) { policy { skill } } }`

type Proposed = { proposePolicy: { policy: { digest: string } } }

/** Publishes a version of a policy that differs in its wording only, so that the decisions stay the same. */
export async function editPolicies(caller: Caller, moments: readonly number[], journal: Journal): Promise<void> {
  const text = readFileSync(fromRoot(`skills/${SKILL}/${FILE}`), 'utf8')
  await Promise.all(
    moments.map(async (atMs) => {
      await pause(atMs, null, { signal: journal.signal })
      const because = `The issue names no transaction, so there is nothing to try again (${Date.now()}).`
      const content = text.replace(/"because": "The issue names no transaction[^"]*"/, `"because": "${because}"`)
      const files = [{ path: FILE, content }]
      const proposed = await caller.insist<Proposed>('operator', PROPOSE, { input: { skill: SKILL, files } })
      const { digest } = proposed.proposePolicy.policy
      await caller.insist('admin', PUBLISH, { input: { skill: SKILL, digest } }).catch(acceptUnchanged)
      journal.publishedPolicies.push(digest)
    }),
  )
}

/** An earlier attempt took effect without an answer. */
function acceptUnchanged(error: unknown): void {
  if (!(error instanceof GraphqlError && error.codes.includes('POLICY_UNCHANGED'))) throw error
}
