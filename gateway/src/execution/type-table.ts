import { type GraphQLSchema, isAbstractType, isEnumType, isInterfaceType, isObjectType } from 'graphql'

/** What the execution of a plan has to know about types: those of the supergraph, hidden ones included. */
export type TypeTable = Readonly<{
  /** Whether a row of type `typeName` meets a fragment's type condition. */
  isA: (typeName: string, condition: string) => boolean
  /** Whether `typeName` only names an interface where `known` already names the object's own type. */
  isLessExact: (typeName: unknown, known: unknown) => boolean
  /** Whether there is such a type, or such a value of an enum, although clients do not see it. */
  isHiddenType: (typeName: string) => boolean
  isHiddenValue: (enumName: string, value: unknown) => boolean
}>

/** @param schema the supergraph; `seen` is what clients see of it. */
export function createTypeTable(schema: GraphQLSchema, seen: GraphQLSchema): TypeTable {
  return {
    isA(typeName, condition) {
      if (typeName === condition) return true
      const [type, wanted] = [schema.getType(typeName), schema.getType(condition)]
      if (!wanted || !isAbstractType(wanted)) return false
      return (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type)
    },
    isHiddenType: (typeName) => schema.getType(typeName) !== undefined && seen.getType(typeName) === undefined,
    isHiddenValue(enumName, value) {
      const type = schema.getType(enumName)
      return isEnumType(type) && typeof value === 'string' && type.getValue(value) !== undefined
    },
    isLessExact(typeName, known) {
      if (typeof typeName !== 'string' || typeof known !== 'string' || typeName === known) return false
      return isInterfaceType(schema.getType(typeName)) && isObjectType(schema.getType(known))
    },
  }
}
