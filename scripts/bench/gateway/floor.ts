/** What no gateway in Node can go below: bare node:http that reads the body and answers a constant. */
import { serveLean } from './serve-lean.ts'

/** The path says how long the answer is. */
const answers = new Map<string, Buffer>()

await serveLean((path) => {
  const known = answers.get(path)
  if (known) return known
  const answer = Buffer.alloc(Number(path.slice(1)), 'x')
  answers.set(path, answer)
  return answer
})
