import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { PolicyFile, PolicyHead, PolicyText, RecordedPolicy } from './policy.ts'
import type { Deployment } from './policy-deployment.ts'
import type { PolicyTrial } from './policy-trial.ts'

/** The reads and writes of one transaction. Acts about one policy never run side by side. */
export type PoliciesTransaction = Readonly<{
  findHead(skill: string): Promise<PolicyHead | null>
  saveHead(head: PolicyHead): Promise<void>
  findPolicy(digest: string): Promise<RecordedPolicy | null>
  addPolicy(policy: RecordedPolicy): Promise<void>
  /** At most 100, those that are effective last first. */
  deploymentsOf(skill: string): Promise<readonly Deployment[]>
  addDeployment(deployment: Deployment): Promise<void>
  findTrial(skill: string): Promise<PolicyTrial | null>
  saveTrial(trial: PolicyTrial): Promise<void>
  removeTrial(skill: string): Promise<void>
  addEvents(events: readonly DomainEvent[]): Promise<void>
}>

export type PoliciesStore = Readonly<{
  /** Runs `work` on one consistent state; it may run again when another writer was faster. */
  transact<T>(work: (transaction: PoliciesTransaction) => Promise<T>): Promise<T>
}>

/**
 * Checks the files of a policy.
 * @throws SkillsRefusedError with every problem.
 */
export type ReadPolicyText = (skill: string, files: ReadonlyMap<string, string>) => PolicyText

/** A version without its files. */
export type PolicyOutline = Omit<RecordedPolicy, 'files'>

/** The queries of callers. Finders answer in the order of the keys given. */
export type PolicyViews = Readonly<{
  /** The names of all policies. */
  skills(): Promise<readonly string[]>
  findPolicies(digests: readonly string[]): Promise<readonly (PolicyOutline | null)[]>
  filesOf(digests: readonly string[]): Promise<readonly (readonly PolicyFile[] | null)[]>
  /** Of each policy at most 100, those that are effective last first; none for a policy that is not there. */
  deploymentsOf(skills: readonly string[]): Promise<readonly (readonly Deployment[])[]>
  /** Newest first. */
  pageOfVersions(skill: string, page: PageArguments): Promise<Connection<PolicyOutline>>
  /** The latest act first. */
  pageOfDeployments(skill: string, page: PageArguments): Promise<Connection<Deployment>>
  findTrial(skill: string): Promise<PolicyTrial | null>
}>
