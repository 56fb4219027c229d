import { can } from '@redress/shared/access/permissions.ts'
import type { PageArguments } from '@redress/shared/connection.ts'
import { BadUserInputError, ForbiddenError } from '@redress/shared/errors.ts'
import { createInputReader, type SchemaInfo } from '@redress/shared/subgraph/read-input.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import type { Context } from '../views/find-visible.ts'
import { type Import, type ImportKind, importIdOf } from './import.ts'
import type { ImportRows } from './import-rows.ts'
import type { ImportViewsOf } from './mongo-imports-store.ts'
import { INPUT_TYPES, readRows, type SentRow } from './read-rows.ts'

type Dependencies = Readonly<{
  importRows: ImportRows
  rehearseRows: ImportRows
  importViewsOf: ImportViewsOf
}>

/** Importing rows of a kind needs the permission to create one. */
const PERMISSIONS: Readonly<Record<ImportKind, string>> = {
  CUSTOMERS: 'customer:write',
  PAYMENTS: 'transaction:write',
  ISSUES: 'issue:create',
}

type PageInput = Readonly<{
  idempotencyKey: string
  kind: ImportKind
  rowCount: number
  from: number
  format: 'JSON' | 'CSV'
  isDryRun: boolean
}>
type PageArgument = Readonly<{ input: PageInput; rows: readonly SentRow[] }>
type Named = Readonly<{ id?: string | null; idempotencyKey?: string | null }>

/** The resolvers of imports. */
export function createImportResolvers({ importRows, rehearseRows, importViewsOf }: Dependencies) {
  return {
    Query: {
      import: (_: unknown, { id, idempotencyKey: key }: Named, context: Context) => {
        if ((id == null) === (key == null)) {
          throw new BadUserInputError(['id'], 'or idempotencyKey must be given, and not both')
        }
        return importViewsOf(context.principal.tenant).findImport(id ?? importIdOf(causeOf(context), key!))
      },
      imports: (_: unknown, page: PageArguments, { principal }: Context) =>
        importViewsOf(principal.tenant).pageOfImports(page),
    },
    Mutation: {
      importRows: async (_: unknown, { input, rows }: PageArgument, context: Context, info: SchemaInfo) => {
        const { idempotencyKey: key, kind, rowCount, from, format, isDryRun } = input
        if (!can(context.principal, PERMISSIONS[kind])) throw new ForbiddenError(`${PERMISSIONS[kind]}:*`)
        if (from + rows.length - 1 > rowCount) {
          throw new BadUserInputError(['rows'], `must have at most ${rowCount - from + 1} elements, up to the last row`)
        }
        const reader = createInputReader(info, INPUT_TYPES[kind])
        const read = await readRows(rows, { kind, format, reader, ...importViewsOf(context.principal.tenant) })
        const page = { key, kind, rowCount, from, rows: read, cause: causeOf(context) }
        return isDryRun ? rehearseRows(page) : importRows(page)
      },
    },
    Import: {
      refusedRows: ({ id }: Import, page: PageArguments, { principal }: Context) =>
        importViewsOf(principal.tenant).pageOfRefusedRows(id, page),
    },
  }
}
