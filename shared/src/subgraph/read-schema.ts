import { readFileSync } from 'node:fs'
import { type ASTNode, type DefinitionNode, type DocumentNode, parse, Source, visit } from 'graphql'
import { withStandardDescriptions } from './standard-descriptions.ts'

const HEAD = new URL('schema-head.graphql', import.meta.url)

/**
 * Reads the schema of a subgraph: the definitions of the schema head that it uses, then its own file, with descriptions
 * of the parts that every connection has.
 * @param name of the file in messages.
 * @throws GraphQLError naming file and line if it is not GraphQL.
 */
export function readSchema(file: URL, name = file.pathname): DocumentNode {
  const own = parse(new Source(readFileSync(file, 'utf8'), name))
  const head = parse(new Source(readFileSync(HEAD, 'utf8'), 'schema-head.graphql'))
  return withStandardDescriptions({ ...own, definitions: [...usedBy(own, head.definitions), ...own.definitions] })
}

/** Definitions of types that `own` uses, or that another of them uses, and everything that defines no type. */
function usedBy(own: DocumentNode, definitions: readonly DefinitionNode[]): readonly DefinitionNode[] {
  const used = namesIn(own)
  // Iterating over a set includes what is added on the way: the types that used types use.
  for (const name of used) {
    const definition = definitions.find((one) => typeNameOf(one) === name)
    if (definition) for (const more of namesIn(definition)) used.add(more)
  }
  return definitions.filter((definition) => {
    const name = typeNameOf(definition)
    return name === null || used.has(name)
  })
}

function namesIn(node: ASTNode): Set<string> {
  const names = new Set<string>()
  visit(node, { NamedType: ({ name }) => void names.add(name.value) })
  return names
}

function typeNameOf(definition: DefinitionNode): string | null {
  return definition.kind.endsWith('TypeDefinition') && 'name' in definition ? (definition.name?.value ?? null) : null
}
