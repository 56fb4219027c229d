import { CommandError, unsupported } from '../errors.ts'
import { decode, encode, type Fields, isNumber, isObject, toNumber, type Value } from '../values/bson.ts'
import { toPath } from '../values/paths.ts'
import { elementsOf, joinElements, toNames } from '../values/raw.ts'

export type Project = (fields: Fields) => Fields

type Tree = Map<string, Tree | true>

/** Keeps the named fields, or all but the named ones. `_id` is kept unless it is excluded by name. */
export function compileProjection(projection: Fields): Project {
  if (Object.keys(projection).length === 0) return (fields) => fields
  const { including, names } = readProjection(projection)
  return including ? pick(toTree(names)) : omit(toTree(names))
}

/** The same for documents in their stored form. Fields that are left out are not decoded, and none when all are whole. */
export function compileStoredProjection(projection: Fields): (body: Uint8Array) => Uint8Array {
  const project = compileProjection(projection)
  const { including, names } = readProjection(projection)
  if (!including) return (body) => encode(project(decode(body)))
  const kept = toNames([...new Set(names.map((name) => toPath(name)[0]!))])
  const isWhole = names.every((name) => toPath(name).length === 1)
  return (body) => {
    const elements = elementsOf(body, kept).filter((element) => element !== null)
    const picked = joinElements(elements.sort((a, b) => a.type - b.type))
    return isWhole ? picked : encode(project(decode(picked)))
  }
}

/** Whether a projection names the fields to keep, and computes none. */
export function keepsFields(projection: Fields): boolean {
  const isPlain = Object.values(projection).every((value) => isNumber(value) || typeof value === 'boolean')
  return isPlain && Object.keys(projection).length > 0 && readProjection(projection).including
}

/** The names of the fields to keep or, when not `including`, of those to leave out. @throws CommandError */
function readProjection(projection: Fields): Readonly<{ including: boolean; names: readonly string[] }> {
  const entries = Object.entries(projection)
  for (const [name, value] of entries) {
    if (!isNumber(value) && typeof value !== 'boolean')
      throw unsupported(`A computed projection (${name}: ${shown(value)})`)
    if (name.includes('$')) throw unsupported(`The projection ${name}`)
  }
  const wanted = (value: Value) => (isNumber(value) ? toNumber(value) !== 0 : Boolean(value))
  const others = entries.filter(([name]) => name !== '_id')
  const including = others.length > 0 ? wanted(others[0]![1]) : wanted(projection._id)
  const odd = others.find(([, value]) => wanted(value) !== including)
  if (odd && including) throw new CommandError(31254, `Cannot do exclusion on field ${odd[0]} in inclusion projection`)
  if (odd) throw new CommandError(31253, `Cannot do inclusion on field ${odd[0]} in exclusion projection`)

  const keepsId = projection._id === undefined || wanted(projection._id)
  const names = others.map(([name]) => name)
  return { including, names: including === keepsId ? ['_id', ...names] : names }
}

const shown = (value: Value) => (isObject(value) ? Object.keys(value).join() : String(value))

function toTree(names: readonly string[]): Tree {
  const root: Tree = new Map()
  for (const name of names) {
    let tree = root
    const path = toPath(name)
    for (const [depth, part] of path.entries()) {
      const next = tree.get(part)
      if (depth === path.length - 1) {
        if (next) throw new CommandError(31250, `Path collision at ${name}`)
        tree.set(part, true)
      } else {
        if (next === true) throw new CommandError(31249, `Path collision at ${name}`)
        const inner: Tree = next instanceof Map ? next : new Map()
        tree.set(part, inner)
        tree = inner
      }
    }
  }
  return root
}

function pick(tree: Tree): Project {
  const walk = (value: Value, at: Tree | true): Value => {
    if (at === true) return value
    if (Array.isArray(value))
      return value.filter((item) => isObject(item) || Array.isArray(item)).map((item) => walk(item, at))
    if (!isObject(value)) return undefined
    const kept = Object.entries(value).flatMap(([name, inner]) => {
      const next = at.get(name)
      const picked = next === undefined ? undefined : walk(inner, next)
      return picked === undefined ? [] : [[name, picked]]
    })
    return Object.fromEntries(kept)
  }
  return (fields) => walk(fields, tree) as Fields
}

function omit(tree: Tree): Project {
  const walk = (value: Value, at: Tree): Value => {
    if (Array.isArray(value)) return value.map((item) => walk(item, at))
    if (!isObject(value)) return value
    const kept = Object.entries(value).flatMap(([name, inner]) => {
      const next = at.get(name)
      if (next === true) return []
      return [[name, next === undefined ? inner : walk(inner, next)]]
    })
    return Object.fromEntries(kept)
  }
  return (fields) => walk(fields, tree) as Fields
}
