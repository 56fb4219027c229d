/** The lower bound for a gateway in Node: bare node:http that reads the body and answers a constant. */
import { serveLean } from './serve-lean.ts'

/** The path gives the length of the answer. */
const answers = new Map<string, Buffer>()

await serveLean((path) => {
  const known = answers.get(path)
  if (known) return known
  const answer = Buffer.alloc(Number(path.slice(1)), 'x')
  answers.set(path, answer)
  return answer
})
