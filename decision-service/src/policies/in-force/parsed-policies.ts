import type { PolicyCollections } from '../deployment/policy-documents.ts'
import { type Policy, readPolicy } from '../files/parse-policy.ts'

/** Versions that are decided by now, are on trial, or were asked for of late. A version takes some 100 kB. */
const KEPT_MAX = 100

/** Versions ready to decide by, from memory or else from the database. */
export function createParsedPolicies({ policyVersions: versions }: Pick<PolicyCollections, 'policyVersions'>) {
  const byDigest = new Map<string, Policy>()

  const keep = (policy: Policy) => {
    const { digest } = policy.text
    byDigest.delete(digest) // The policy used last is the last in the map; the first is forgotten.
    byDigest.set(digest, policy)
    const [oldest] = byDigest.keys()
    if (byDigest.size > KEPT_MAX && oldest !== undefined) byDigest.delete(oldest)
    return policy
  }
  return {
    keep,
    /** @throws SkillsRefusedError for a version that this release of the program does not accept any more. */
    async find(digest: string): Promise<Policy | null> {
      const known = byDigest.get(digest)
      if (known) return keep(known)
      const found = await versions.findOne({ _id: digest })
      return found && keep(readPolicy(found.skill, new Map(found.files.map(({ path, content }) => [path, content]))))
    },
  }
}
export type ParsedPolicies = ReturnType<typeof createParsedPolicies>
