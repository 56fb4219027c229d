/** FOLDER: an edit of the folder of skills. */
export type DeploymentSource = 'FOLDER' | 'PUBLISHED' | 'ROLLED_BACK'

/** One entry of the log of what was, is and will be in force. Entries are added and never changed. */
export type Deployment = Readonly<{
  skill: string
  /** Counts the acts about this policy: of two entries, the one with the higher number came later. */
  number: number
  digest: string
  version: string
  source: DeploymentSource
  by: string
  effectiveFrom: Date
  at: Date
  /** Why it was rolled back to. */
  reason: string | null
}>

/**
 * The entry that holds at a moment: of those that are effective by then the one that became so last, and among equals
 * the later act. Before any is effective it is the earliest, since something has to decide. Null only without entries.
 */
export function deploymentInForce(deployments: readonly Deployment[], moment: Date): Deployment | null {
  const [first = null] = [...deployments].sort(inOrder)
  return effectiveBy(deployments, moment).at(-1) ?? first
}

/** The entry that held before the present one with another version; null where there was none. */
export function deploymentBefore(deployments: readonly Deployment[], moment: Date): Deployment | null {
  const present = deploymentInForce(deployments, moment)
  return effectiveBy(deployments, moment).findLast(({ digest }) => digest !== present?.digest) ?? null
}

/** Whether a version has ever been in force by a moment. */
export function wasInForce(deployments: readonly Deployment[], digest: string, moment: Date): boolean {
  return effectiveBy(deployments, moment).some((one) => one.digest === digest)
}

/** The digest of the latest edit of the folder; null where there was none. */
export function latestOfFolder(deployments: readonly Deployment[]): string | null {
  const edits = deployments.filter(({ source }) => source === 'FOLDER').sort((a, b) => a.number - b.number)
  return edits.at(-1)?.digest ?? null
}

/** An immediate deployment counts as effective even if the reader's clock is behind the writer's. */
function effectiveBy(deployments: readonly Deployment[], moment: Date): readonly Deployment[] {
  return deployments.filter(({ effectiveFrom, at }) => effectiveFrom <= moment || effectiveFrom <= at).sort(inOrder)
}

const inOrder = (a: Deployment, b: Deployment): number =>
  a.effectiveFrom.getTime() - b.effectiveFrom.getTime() || a.number - b.number
