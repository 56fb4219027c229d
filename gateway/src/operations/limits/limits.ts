/** Limits on the size of documents and variables. An error names the key of its limit. */
export const LIMITS = {
  /** Of the document's text in UTF-8: 100 KiB. */
  bytes: 102_400,
  /** Names, numbers, strings and punctuation, as graphql-js counts them. */
  tokens: 5_000,
  /** Characters of one name or number: error messages repeat them. */
  wordLength: 256,
  /**
   * Open brackets, and nested selections with fragments followed. Recursive functions walk documents; the first to
   * overflow the stack, at 1,560, is the parser of graphql-js.
   */
  nesting: 64,
  /** In the document; one of them is run. */
  operations: 50,
  fragments: 100,
  /** In the document, at any location. */
  directives: 50,
  /** Different keys for the same field name, in the document. */
  aliases: 30,
  /** In the operation, with fragments followed at each spread; a key selected twice counts twice. */
  rootFields: 20,
  fields: 2_000,
  /** Fields and fragments in all operations together: validation walks those that are not run, too. */
  selections: 5_000,
  /** Nested fields below `__schema` and `__type`, for every caller: the usual introspection needs all 15. */
  introspectionDepth: 15,
  /** Nested lists and objects in one variable. */
  variableDepth: 10,
  /** Values, lists, objects and keys in all variables together. */
  variableNodes: 10_000,
} as const

export type Limit = keyof typeof LIMITS
