import { AppError } from '@redress/shared/errors.ts'
import { ExternalIdTakenError } from './errors.ts'

/** An entity that was created with an external id, and the digest of the input that it was created with. */
export type ClaimedByExternalId<T> = Readonly<{ externalId: string; entity: T; digest: string }>

/** The entity that a command has created, or an earlier one with the same external id and input. */
export type Opened<T> = Readonly<{ entity: T; isNew: boolean }>

type Claim = Readonly<{ input: Readonly<{ externalId: string }>; digest: string }>

/** Entities by the external ids that they were created with. */
export type KnownByExternalId<T> = Map<string, Pick<ClaimedByExternalId<T>, 'entity' | 'digest'>>

export const toKnown = <T>(claimed: readonly ClaimedByExternalId<T>[]): KnownByExternalId<T> =>
  new Map(claimed.map(({ externalId, ...rest }) => [externalId, rest]))

/** The entity with the external id of an input: null without one, an error if it was created with another input. */
export function findOpened<T>(
  kind: 'customer' | 'payment' | 'issue',
  known: KnownByExternalId<T>,
  { externalId, digest }: Readonly<{ externalId: string; digest: string }>,
): T | ExternalIdTakenError | null {
  const before = known.get(externalId)
  if (before === undefined) return null
  return before.digest === digest ? before.entity : new ExternalIdTakenError(kind, externalId)
}

/**
 * Opens what each command asks for, once for each external id. An error is the outcome of its own command only.
 * @param open gives the new entity, to be stored by the caller.
 */
export function openOnce<C extends Claim, T>(
  kind: 'customer' | 'payment',
  commands: readonly (C | AppError)[],
  { claimed, open }: Readonly<{ claimed: readonly ClaimedByExternalId<T>[]; open: (command: C) => T | AppError }>,
): readonly (Opened<T> | AppError)[] {
  const known = toKnown(claimed)
  return commands.map((command) => {
    if (command instanceof AppError) return command
    const { externalId } = command.input
    const before = findOpened(kind, known, { externalId, digest: command.digest })
    if (before instanceof AppError) return before
    if (before !== null) return { entity: before, isNew: false }
    const entity = open(command)
    if (entity instanceof AppError) return entity
    known.set(externalId, { entity, digest: command.digest })
    return { entity, isNew: true }
  })
}
