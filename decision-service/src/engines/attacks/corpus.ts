import { type } from 'arktype'

const Attack = type({
  '+': 'reject',
  id: '/^[a-z0-9-]+$/',
  technique: '/^[a-z0-9-]+$/',
  language: '/^[a-z]{2}$/',
  text: '1 <= string <= 2000',
})
/** A text by which an attacker tries to make a model decide in their favour. */
export type Attack = Readonly<typeof Attack.infer>

/** @throws Error when the file is not a list of attacks, each with an id and a text of its own. */
export function parseCorpus(text: string): readonly Attack[] {
  const attacks = Attack.array().assert(JSON.parse(text))
  for (const key of ['id', 'text'] as const) {
    const seen = new Set<string>()
    for (const attack of attacks) {
      if (seen.has(attack[key])) throw new Error(`The attack ${attack.id} has the ${key} of another one.`)
      seen.add(attack[key])
    }
  }
  return attacks
}
