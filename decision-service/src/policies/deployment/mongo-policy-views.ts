import { readPage } from '@redress/shared/stores/pagination.ts'
import {
  DEPLOYMENTS_MAX,
  LATEST_FIRST,
  type PolicyCollections,
  type PolicyDocument,
  toDeployment,
  toTrial,
} from './policy-documents.ts'
import type { PolicyOutline, PolicyViews } from './ports.ts'

const POLICIES_MAX = 100
const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const
/** Unique within one policy. */
const LATEST_ACT_FIRST = { field: 'number', direction: -1, unique: true } as const
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
    pageOfVersions: (skill, page) => readPage({ ...OUTLINES, collection: versions, filter: { skill }, page }),
    pageOfDeployments: (skill, page) =>
      readPage({ collection: deployments, filter: { skill }, order: LATEST_ACT_FIRST, page, toNode: toDeployment }),
    async findTrial(skill) {
      const found = await trials.findOne({ _id: skill })
      return found && toTrial(found)
    },
  }
}

/** Pages of versions; the order of their index. */
const OUTLINES = { projection: WITHOUT_FILES, order: NEWEST_FIRST, toNode: toOutline } as const

function toOutline({ _id, files: _, ...rest }: PolicyDocument): PolicyOutline {
  return { digest: _id, ...rest }
}
