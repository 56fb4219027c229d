import {
  type DirectiveNode,
  type DocumentNode,
  Kind,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import type { CostModel } from './cost-model.ts'

/** The variables that the cost of a document depends on: page sizes, and conditions of `@skip` and `@include`. */
export function findCostVariables(model: CostModel, document: DocumentNode): readonly string[] {
  const found = new Set<string>()
  const note = (value: ValueNode | undefined) => {
    if (value?.kind === Kind.VARIABLE) found.add(value.name.value)
  }
  const types = new TypeInfo(model.schema)
  const visitor = visitWithTypeInfo(types, {
    Field: ({ arguments: given = [] }) => {
      const parent = types.getParentType()
      const field = types.getFieldDef()
      if (!parent || !field || given.length === 0) return
      const slicing = model.slicingArgumentsOf(parent.name, field)
      for (const { name, value } of given) if (slicing.includes(name.value)) note(value)
    },
    Directive: (directive: DirectiveNode) => {
      const isCondition = directive.name.value === 'skip' || directive.name.value === 'include'
      if (isCondition) for (const { value } of directive.arguments ?? []) note(value)
    },
  })
  visit(document, visitor)
  return [...found]
}
