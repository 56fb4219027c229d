import { type ESTree, parseSync, Visitor } from 'vite'

/** A file of the repository, its path given from the root. */
export type SourceFile = Readonly<{ path: string; text: string }>

/**
 * The facts about a source file that the house rules need. `lines` of a function includes those of the functions inside
 * it.
 */
export type ParsedSource = Readonly<{
  path: string
  lines: number
  /** The specifier of every static, dynamic and type import and of every re-export, once each. */
  imports: readonly string[]
  functions: readonly Readonly<{ name: string; lines: number }>[]
  /** The file has names and at most one call, but no value, operator, statement or type of its own. */
  onlyForwards: boolean
}>

/** @throws Error naming the file, when it is not TypeScript. */
export function parseSource({ path, text }: SourceFile): ParsedSource {
  const { program, errors } = parseSync(path, text)
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  return {
    path,
    lines: countLines(text),
    imports: importsOf(program),
    functions: functionsOf(program, text),
    onlyForwards: onlyForwards(program),
  }
}

export const countLines = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

type Module = Readonly<{ source: ESTree.Expression | ESTree.StringLiteral | null }>

function importsOf(program: ESTree.Program): readonly string[] {
  const specifiers = new Set<string>()
  const add = ({ source }: Module) => {
    if (source?.type === 'Literal' && typeof source.value === 'string') specifiers.add(source.value)
  }
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
    TSImportType: add,
  }).visit(program)
  return [...specifiers]
}

type Func = ESTree.Function | ESTree.ArrowFunctionExpression
type Named = Readonly<{ key: ESTree.PropertyKey; value: ESTree.Node | null }>

/** A function without a name of its own takes that of the variable or property it is the value of. */
function functionsOf(program: ESTree.Program, text: string): ParsedSource['functions'] {
  const names = new Map<ESTree.Node | null, string>()
  const enclosing: string[] = []
  const functions: { name: string; lines: number }[] = []

  const nameValue = ({ key, value }: Named) => {
    if (key.type === 'Identifier' || key.type === 'PrivateIdentifier') names.set(value, key.name)
  }
  const enter = (node: Func) => {
    const name = node.id?.name ?? names.get(node) ?? `callback in ${enclosing.at(-1) ?? 'the module'}`
    enclosing.push(name)
    functions.push({ name, lines: countLines(text.slice(node.start, node.end)) })
  }
  const leave = () => void enclosing.pop()

  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      if (id.type === 'Identifier') names.set(init, id.name)
    },
    Property: nameValue,
    MethodDefinition: nameValue,
    PropertyDefinition: nameValue,
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
  }).visit(program)
  return functions
}

function onlyForwards(program: ESTree.Program): boolean {
  let work = 0
  let calls = 0
  const isWork = () => void work++
  const statements = program.body.filter(({ type }) => type !== 'ImportDeclaration')
  const visitor = new Visitor({
    CallExpression: () => void calls++,
    Literal: isWork,
    TemplateLiteral: isWork,
    ArrayExpression: isWork,
    SpreadElement: isWork,
    NewExpression: isWork,
    BinaryExpression: isWork,
    LogicalExpression: isWork,
    UnaryExpression: isWork,
    ConditionalExpression: isWork,
    AssignmentExpression: isWork,
    IfStatement: isWork,
    ForOfStatement: isWork,
    ThrowStatement: isWork,
    TryStatement: isWork,
    ClassDeclaration: isWork,
    TSTypeAliasDeclaration: isWork,
  })
  for (const statement of statements) if (!isReExport(statement)) visitor.visit({ ...program, body: [statement] })
  return work === 0 && calls <= 1
}

const isReExport = (node: ESTree.Statement | ESTree.Directive): boolean =>
  node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source !== null)
