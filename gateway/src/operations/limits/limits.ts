/** How large anything may be that a client sends. Each refusal names the key of its limit here. */
export const LIMITS = {
  /** Of the document's text in UTF-8: 100 KiB. */
  bytes: 102_400,
  /** Names, numbers, strings and punctuation, as graphql-js counts them. */
  tokens: 5_000,
  /** Characters of one name or number: error messages repeat them. */
  wordLength: 256,
  /**
   * Brackets open at once, and selections inside one another with fragments followed. What walks documents calls
   * itself; the parser of graphql-js, the first to give up, overflows the stack at 1,560.
   */
  nesting: 64,
  /** In the document; one of them is run. */
  operations: 50,
  fragments: 100,
  /** In the document, on whatever they stand. */
  directives: 50,
  /** Different keys for the same field name, in the document. */
  aliases: 30,
  /** Of the operation, with fragments followed each time they are spread; a key asked for twice counts twice. */
  rootFields: 20,
  fields: 2_000,
  /** Fields, and fragments that hold them, in all operations together: validation goes through those not run, too. */
  selections: 5_000,
  /** Fields inside one another below `__schema` and `__type`, whoever asks: the usual introspection needs all 15. */
  introspectionDepth: 15,
  /** Lists and objects inside one another, in one variable. */
  variableDepth: 10,
  /** Values, lists, objects and keys in all variables together. */
  variableNodes: 10_000,
} as const

export type Limit = keyof typeof LIMITS
