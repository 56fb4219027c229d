import {
  DEPLOYMENTS_MAX,
  LATEST_FIRST,
  NEWEST_FIRST,
  type PolicyCollections,
  type PolicyDocument,
  toDeployment,
  toTrial,
} from './policy-documents.ts'
import type { PolicyOutline, PolicyViews } from './ports.ts'

const POLICIES_MAX = 100
const VERSIONS_MAX = 100
/** The files are most of a version. */
const WITHOUT_FILES = { files: 0 } as const

/** The queries of policies. */
export function createMongoPolicyViews({
  policyHeads: heads,
  policyVersions: versions,
  policyDeployments: deployments,
  policyTrials: trials,
}: PolicyCollections): PolicyViews {
  return {
    async skills() {
      const found = await heads.find().sort({ _id: 1 }).limit(POLICIES_MAX).toArray()
      return found.map(({ _id }) => _id)
    },
    async findPolicies(digests) {
      const found = await versions.find({ _id: { $in: [...digests] } }, { projection: WITHOUT_FILES }).toArray()
      const byDigest = new Map(found.map((document) => [document._id, toOutline(document)]))
      return digests.map((digest) => byDigest.get(digest) ?? null)
    },
    async filesOf(digests) {
      const found = await versions.find({ _id: { $in: [...digests] } }, { projection: { files: 1 } }).toArray()
      const byDigest = new Map(found.map(({ _id, files }) => [_id, files]))
      return digests.map((digest) => byDigest.get(digest) ?? null)
    },
    deploymentsOf: (skills) =>
      Promise.all(
        skills.map(async (skill) => {
          const found = await deployments.find({ skill }).sort(LATEST_FIRST).limit(DEPLOYMENTS_MAX).toArray()
          return found.map(toDeployment)
        }),
      ),
    async versionsOf(skill) {
      const found = versions.find({ skill }, { projection: WITHOUT_FILES }).sort(NEWEST_FIRST).limit(VERSIONS_MAX)
      return (await found.toArray()).map(toOutline)
    },
    async findTrial(skill) {
      const found = await trials.findOne({ _id: skill })
      return found && toTrial(found)
    },
  }
}

function toOutline({ _id, files: _, ...rest }: PolicyDocument): PolicyOutline {
  return { digest: _id, ...rest }
}
