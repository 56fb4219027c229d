import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from 'graphql'

/** What the execution of a plan has to know about types: those of the supergraph, hidden ones included. */
export type TypeTable = Readonly<{
  /** Whether a row of type `typeName` meets a fragment's type condition. */
  isA: (typeName: string, condition: string) => boolean
  /** Whether `typeName` only names an interface where `known` already names the object's own type. */
  isLessExact: (typeName: unknown, known: unknown) => boolean
}>

export function createTypeTable(schema: GraphQLSchema): TypeTable {
  return {
    isA(typeName, condition) {
      if (typeName === condition) return true
      const [type, wanted] = [schema.getType(typeName), schema.getType(condition)]
      if (!wanted || !isAbstractType(wanted)) return false
      return (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type)
    },
    isLessExact(typeName, known) {
      if (typeof typeName !== 'string' || typeof known !== 'string' || typeName === known) return false
      return isInterfaceType(schema.getType(typeName)) && isObjectType(schema.getType(known))
    },
  }
}
