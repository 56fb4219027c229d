import { AppError } from '@redress/shared/errors.ts'
import { ExternalIdTakenError } from './errors.ts'

/** What was created with an external id, and the digest of the input that it was created with. */
export type ClaimedByExternalId<T> = Readonly<{ externalId: string; entity: T; digest: string }>

/** What a command has created, or an earlier one with the same external id and input. */
export type Opened<T> = Readonly<{ entity: T; isNew: boolean }>

type Claim = Readonly<{ input: Readonly<{ externalId: string }>; digest: string }>

/**
 * Opens what each command asks for, once for each external id. An error is the outcome of its own command only.
 * @param open gives the new entity, to be stored by the caller.
 */
export function openOnce<C extends Claim, T>(
  kind: 'customer' | 'payment',
  commands: readonly (C | AppError)[],
  { claimed, open }: Readonly<{ claimed: readonly ClaimedByExternalId<T>[]; open: (command: C) => T | AppError }>,
): readonly (Opened<T> | AppError)[] {
  const known = new Map(claimed.map(({ externalId, ...rest }) => [externalId, rest]))
  return commands.map((command) => {
    if (command instanceof AppError) return command
    const { externalId } = command.input
    const before = known.get(externalId)
    if (before) {
      const isSame = before.digest === command.digest
      return isSame ? { entity: before.entity, isNew: false } : new ExternalIdTakenError(kind, externalId)
    }
    const entity = open(command)
    if (entity instanceof AppError) return entity
    known.set(externalId, { entity, digest: command.digest })
    return { entity, isNew: true }
  })
}
