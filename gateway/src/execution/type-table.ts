import {
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
  type OperationTypeNode,
} from 'graphql'

/** The types of the supergraph for the execution of plans, including those that clients do not see. */
export type TypeTable = Readonly<{
  /** Whether a row of type `typeName` satisfies the type condition of a fragment. */
  isA: (typeName: string, condition: string) => boolean
  /** Whether `typeName` names an interface while `known` is already an object type. */
  isLessExact: (typeName: unknown, known: unknown) => boolean
  /** Whether the type, or the value of an enum, exists but is hidden from clients. */
  isHiddenType: (typeName: string) => boolean
  isHiddenValue: (enumName: string, value: unknown) => boolean
  /** The name of the type with the root fields of an operation; null without any. */
  rootOf: (operation: OperationTypeNode) => string | null
  /** Null for a field that the supergraph does not have. */
  typeOfField: (typeName: string, fieldName: string) => GraphQLOutputType | null
}>

/** @param schema the supergraph. @param seen the part that clients see. */
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
    rootOf: (operation) => schema.getRootType(operation)?.name ?? null,
    typeOfField(typeName, fieldName) {
      const type = schema.getType(typeName)
      return isObjectType(type) || isInterfaceType(type) ? (type.getFields()[fieldName]?.type ?? null) : null
    },
    isLessExact(typeName, known) {
      if (typeof typeName !== 'string' || typeof known !== 'string' || typeName === known) return false
      return isInterfaceType(schema.getType(typeName)) && isObjectType(schema.getType(known))
    },
  }
}
