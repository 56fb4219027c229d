import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql'
import { type Composite, compositesOf, isComposite, parseSelection } from './join-directives.ts'
import { standInName } from './planned-keys.ts'

/**
 * A field that takes arguments, as a `@requires` needs it. The planner would fetch it under the key of the client's
 * field, or of another `@requires`; so in its supergraph a field without arguments stands in for it.
 */
export type Variant = Readonly<{ name: string; field: FieldNode }>

export type RequiredVariants = Readonly<{
  document: DocumentNode
  /** By the name of the stand-in. */
  variants: ReadonlyMap<string, Variant>
}>

/** Replaces in every `@requires` the fields that take arguments, even if none is given, by fields that stand in for them. */
export function standInForVariants(document: DocumentNode): RequiredVariants {
  const types = compositesOf(document)
  const rewriting = new Rewriting(types)
  for (const type of types.values()) rewriting.rewriteType(type)
  const { variants } = rewriting
  if (variants.size === 0) return { document, variants }
  const definitions = document.definitions.map((definition) =>
    isComposite(definition) ? types.get(definition.name.value)! : definition,
  )
  return {
    document: { ...document, definitions: definitions.map((one) => rewriting.withStandIns(one)) },
    variants,
  }
}

class Rewriting {
  readonly variants = new Map<string, Variant>()
  readonly #types: Map<string, Composite>
  /** Stand-ins by the type that they belong to. */
  readonly #standIns = new Map<string, FieldDefinitionNode[]>()
  readonly #names = new Map<string, string>()

  constructor(types: Map<string, Composite>) {
    this.#types = types
  }

  rewriteType(type: Composite): void {
    const fields = type.fields?.map((field) => ({
      ...field,
      directives: (field.directives ?? []).map((directive) => this.#rewriteDirective(type.name.value, directive)),
    }))
    this.#types.set(type.name.value, { ...type, ...(fields && { fields }) } as Composite)
  }

  withStandIns<Definition extends DocumentNode['definitions'][number]>(definition: Definition): Definition {
    if (!isComposite(definition)) return definition
    const added = this.#standIns.get(definition.name.value) ?? []
    return { ...definition, fields: [...(definition.fields ?? []), ...added] }
  }

  #rewriteDirective(typeName: string, directive: ConstDirectiveNode): ConstDirectiveNode {
    const requires = directive.arguments?.find(({ name }) => name.value === 'requires')
    if (directive.name.value !== 'join__field' || requires?.value.kind !== Kind.STRING) return directive
    const selection = parseSelection(requires.value.value)
    const rewritten = this.#rewriteSelection(typeName, selection)
    const value = { kind: Kind.STRING, value: print(rewritten).slice(1, -1).replace(/\s+/g, ' ').trim() } as const
    const others = directive.arguments!.filter((argument) => argument !== requires)
    return { ...directive, arguments: [...others, { ...requires, value }] }
  }

  #rewriteSelection(typeName: string, { selections }: SelectionSetNode): SelectionSetNode {
    const rewritten = selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? typeName
        return { ...selection, selectionSet: this.#rewriteSelection(condition, selection.selectionSet) }
      }
      const definition = this.#types.get(typeName)?.fields?.find(({ name }) => name.value === selection.name.value)
      if (definition === undefined) return selection
      const below = selection.selectionSet
      const field = below
        ? { ...selection, selectionSet: this.#rewriteSelection(namedType(definition.type), below) }
        : selection
      return definition.arguments?.length ? this.#standIn(typeName, definition, field) : field
    })
    return { kind: Kind.SELECTION_SET, selections: rewritten }
  }

  #standIn(typeName: string, definition: FieldDefinitionNode, field: FieldNode): FieldNode {
    const key = `${typeName}.${field.name.value}${print(omit(field, 'selectionSet'))}`
    const name = this.#names.get(key) ?? standInName(field.name.value, this.#names.size)
    if (!this.#names.has(key)) {
      this.#names.set(key, name)
      this.variants.set(name, { name, field })
      const standIn = {
        ...omit(definition, 'arguments', 'description'),
        name: { kind: Kind.NAME, value: name } as const,
        // Whether or not the field itself was rewritten before: its stand-in may be computed too.
        directives: definition.directives?.map((directive) => this.#rewriteDirective(typeName, directive)) ?? [],
      }
      this.#standIns.set(typeName, [...(this.#standIns.get(typeName) ?? []), standIn])
    }
    return { ...omit(field, 'arguments'), name: { kind: Kind.NAME, value: name } }
  }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}

/** A copy of a node without some of its optional parts. */
function omit<Node extends object, Key extends keyof Node>(node: Node, ...keys: readonly Key[]): Omit<Node, Key> {
  const entries = Object.entries(node).filter(([name]) => !keys.some((key) => key === name))
  return Object.fromEntries(entries) as Omit<Node, Key>
}
