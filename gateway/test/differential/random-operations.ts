import {
  type DocumentNode,
  doTypesOverlap,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  parse,
  validate,
} from 'graphql'
import type { Random } from '../../../scripts/random.ts'

export type RandomOperation = Readonly<{ text: string; variables: Record<string, unknown> }>

const DEPTH_MAX = 5

type Options = Readonly<{
  /** Whether fields get the names of other fields, which the reference mixes up. */
  confusing?: boolean
  /** How often a selection has a `@skip` or `@include` (default 0.15). */
  conditions?: number
  /** Conditions beside the rules of graphql-js. */
  isValid?: (document: DocumentNode) => boolean
}>

/** Operations that the schema allows, with everything GraphQL has to make them hard. */
export function randomOperation(schema: GraphQLSchema, random: Random, options: Options = {}): RandomOperation {
  for (;;) {
    const operation = new Writer(schema, random, options).operation()
    const document = parse(operation.text)
    if (validate(schema, document).length === 0 && (options.isValid?.(document) ?? true)) return operation
  }
}

class Writer {
  readonly #schema: GraphQLSchema
  readonly #random: Random
  readonly #confusing: boolean
  readonly #conditions: number
  readonly #variables: Record<string, unknown> = {}
  readonly #definitions: string[] = []
  readonly #fragments: string[] = []

  constructor(schema: GraphQLSchema, random: Random, { confusing = false, conditions = 0.15 }: Options) {
    this.#schema = schema
    this.#conditions = conditions
    this.#confusing = confusing
    this.#random = random
  }

  operation(): RandomOperation {
    const isMutation = this.#random.chance(0.15) && this.#schema.getMutationType()
    const root = isMutation || this.#schema.getQueryType()!
    const body = this.#selection(root, 0)
    const variables = this.#definitions.length > 0 ? `(${this.#definitions.join(', ')})` : ''
    const text = `${isMutation ? 'mutation' : 'query'} Op${variables} ${body}\n${this.#fragments.join('\n')}`
    return { text, variables: this.#variables }
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + this.#random.below(depth === 0 ? 3 : 5)
    const parts = Array.from({ length: count }, () => this.#part(type, depth))
    return `{ ${parts.filter((part) => part !== '').join(' ') || '__typename'} }`
  }

  #part(type: GraphQLCompositeType, depth: number): string {
    const random = this.#random
    if (random.chance(0.08))
      return `${random.chance(0.4) ? `${this.#alias(type)}: ` : ''}__typename${this.#condition()}`
    if (isAbstractType(type) && (!('getFields' in type) || random.chance(0.6))) {
      const member = random.pick(this.#schema.getPossibleTypes(type))
      return `... on ${member.name}${this.#condition()} ${this.#selection(member, depth)}`
    }
    const other = this.#confusing && depth < DEPTH_MAX && random.chance(0.1) ? this.#overlapping(type) : null
    if (other) return `... on ${other.name}${this.#condition()} ${this.#selection(other, depth + 1)}`
    if (depth > 0 && random.chance(0.08)) return `... ${this.#condition()} ${this.#selection(type, depth)}`
    if (depth > 0 && random.chance(0.08)) return this.#spread(type, depth)
    return this.#field(type, depth)
  }

  /** An interface that objects of a type may have too. */
  #overlapping(type: GraphQLCompositeType): GraphQLCompositeType | null {
    const interfaces = Object.values(this.#schema.getTypeMap()).filter(isInterfaceType)
    const possible = interfaces.filter((one) => one !== type && doTypesOverlap(this.#schema, one, type))
    return possible.length === 0 ? null : this.#random.pick(possible)
  }

  #spread(type: GraphQLCompositeType, depth: number): string {
    const name = `F${this.#fragments.length}`
    const at = this.#fragments.push('') - 1
    this.#fragments[at] = `fragment ${name} on ${type.name} ${this.#selection(type, depth + 1)}`
    return `...${name}${this.#condition()}`
  }

  #field(type: GraphQLCompositeType, depth: number): string {
    if (!('getFields' in type)) return '__typename'
    const field = this.#random.pick(Object.values(type.getFields()))
    const target = getNamedType(field.type)
    if (isCompositeType(target) && depth >= DEPTH_MAX) return ''
    const alias = field.args.length > 0 || this.#random.chance(0.2) ? `${this.#alias(type)}: ` : ''
    const below = isCompositeType(target) ? ` ${this.#selection(target, depth + 1)}` : ''
    return `${alias}${field.name}${this.#arguments(field.args)}${this.#condition()}${below}`
  }

  /** A new name, or that of another field of the type. */
  #alias(type: GraphQLCompositeType): string {
    if (!this.#confusing || !('getFields' in type) || this.#random.chance(0.7)) return `a${this.#random.below(1000)}`
    return this.#random.pick(Object.keys(type.getFields()))
  }

  #condition(): string {
    if (!this.#random.chance(this.#conditions)) return ''
    const name = this.#random.pick(['skip', 'include'])
    return ` @${name}(if: ${this.#random.chance(0.3) ? this.#random.chance(0.5) : this.#flag()})`
  }

  #flag(): string {
    const index = this.#random.below(3)
    const name = `flag${index}`
    const definition = index === 2 ? `$${name}: Boolean! = true` : `$${name}: Boolean!`
    if (!this.#definitions.includes(definition)) {
      this.#definitions.push(definition)
      if (index !== 2 || this.#random.chance(0.5)) this.#variables[name] = this.#random.chance(0.5)
    }
    return `$${name}`
  }

  #arguments(args: readonly GraphQLArgument[]): string {
    const given = args.filter(({ type }) => isNonNullType(type) || this.#random.chance(0.3))
    if (given.length === 0) return ''
    return `(${given.map(({ name, type }) => `${name}: ${this.#argument(type)}`).join(', ')})`
  }

  /** A variable, or a literal in which variables may occur. */
  #argument(type: GraphQLInputType): string {
    if (this.#random.chance(0.4)) return this.#literal(type)
    const name = `v${this.#definitions.length}`
    this.#definitions.push(`$${name}: ${type}`)
    this.#variables[name] = this.#value(type)
    return `$${name}`
  }

  #literal(type: GraphQLInputType): string {
    const nullable = isNonNullType(type) ? type.ofType : type
    if (isListType(nullable)) {
      const items = Array.from({ length: this.#random.below(3) }, () => this.#argument(nullable.ofType))
      return `[${items.join(', ')}]`
    }
    if (isEnumType(nullable)) return this.#random.pick(nullable.getValues()).name
    if (!isInputObjectType(nullable)) return JSON.stringify(this.#scalar(nullable.name))
    const fields = Object.values(nullable.getFields())
    const given = nullable.isOneOf
      ? [this.#random.pick(fields)]
      : fields.filter((field) => isNonNullType(field.type) || this.#random.chance(0.3))
    return `{ ${given.map(({ name, type }) => `${name}: ${nullable.isOneOf ? this.#literal(type) : this.#argument(type)}`).join(', ')} }`
  }

  #value(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.#value(type.ofType)
    if (isListType(type)) return Array.from({ length: this.#random.below(3) }, () => this.#value(type.ofType))
    if (isEnumType(type)) return this.#random.pick(type.getValues()).name
    if (!isInputObjectType(type)) return this.#scalar(type.name)
    const fields = Object.values(type.getFields())
    const given = type.isOneOf
      ? [this.#random.pick(fields)]
      : fields.filter((field) => isNonNullType(field.type) || this.#random.chance(0.3))
    return Object.fromEntries(given.map((field) => [field.name, this.#value(field.type)]))
  }

  #scalar(name: string): unknown {
    if (name === 'Boolean') return this.#random.chance(0.5)
    if (name === 'Int' || name === 'Float' || name === 'Long' || name === 'SafeInt') return this.#random.below(50)
    return `x${this.#random.below(10)}`
  }
}
