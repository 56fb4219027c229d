import { type ArgumentNode, type FieldNode, Kind, print, type ValueNode } from 'graphql'

/** Cached, because one field may be compared with a thousand others. */
const known = new WeakMap<FieldNode, string>()

/** The arguments of a field as text, independent of their order. */
export function signatureOf(field: FieldNode): string {
  if (!field.arguments?.length) return ''
  const signature = known.get(field) ?? toSignature(field.arguments)
  known.set(field, signature)
  return signature
}

function toSignature(given: readonly ArgumentNode[]): string {
  return given
    .map(({ name, value }) => `${name.value}:${textOf(value)}`)
    .sort()
    .join()
}

function textOf(value: ValueNode): string {
  if (value.kind === Kind.LIST) return `[${value.values.map(textOf).join()}]`
  if (value.kind !== Kind.OBJECT) return print(value)
  const fields = value.fields.map(({ name, value: inner }) => `${name.value}:${textOf(inner)}`)
  return `{${fields.sort().join()}}`
}
