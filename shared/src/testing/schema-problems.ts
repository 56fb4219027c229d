import { buildSubgraphSchema } from '@apollo/subgraph'
import { isInputObjectType } from 'graphql'
import type { InputProblem } from '../errors.ts'
import { findProblems } from '../subgraph/check-arguments.ts'
import { readSchema } from '../subgraph/read-schema.ts'

/** Finds the problems of values of one input type of a schema file; paths begin within the value. */
export function findSchemaProblems(schemaFile: URL, inputName: string): (value: object) => readonly InputProblem[] {
  const type = buildSubgraphSchema([{ typeDefs: readSchema(schemaFile) }]).getType(inputName)
  if (!isInputObjectType(type)) throw new Error(`${inputName} is not an input type.`)
  return (value) => findProblems(type, value, [])
}
