import { GraphQLError, type ValidationRule } from 'graphql'

const DIRECTIVES = ['defer', 'stream']

/** Says more of `@defer` and `@stream` than that they are unknown, where the schema does not have them. */
export const refuseIncremental: ValidationRule = (context) => ({
  Directive(node) {
    const name = node.name.value
    if (!DIRECTIVES.includes(name) || context.getSchema().getDirective(name)) return
    const message = `@${name} is not supported: answers come in one piece. Send the operation without it.`
    context.reportError(new GraphQLError(message, { nodes: node }))
  },
})
