import { type ConstDirectiveNode, type ConstValueNode, Kind } from 'graphql'

/** An element of a schema that directives can stand at. */
export type DirectiveHolder = Readonly<{
  astNode?: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined
}>

export function hasDirective({ astNode }: DirectiveHolder, directive: string): boolean {
  return astNode?.directives?.some(({ name }) => name.value === directive) ?? false
}

/** A string argument of a directive of an element; null without the directive or the argument. */
export function textArgumentOf(holder: DirectiveHolder, directive: string, argument: string): string | null {
  const value = argumentOf(holder, directive, argument)
  return value?.kind === Kind.STRING ? value.value : null
}

/** An integer argument of a directive of an element; null without the directive or the argument. */
export function integerArgumentOf(holder: DirectiveHolder, directive: string, argument: string): number | null {
  const value = argumentOf(holder, directive, argument)
  return value?.kind === Kind.INT ? Number(value.value) : null
}

function argumentOf({ astNode }: DirectiveHolder, directive: string, argument: string): ConstValueNode | undefined {
  const found = astNode?.directives?.find(({ name }) => name.value === directive)
  return found?.arguments?.find(({ name }) => name.value === argument)?.value
}
