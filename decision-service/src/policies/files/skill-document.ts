import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import { type } from 'arktype'
import type { Skill } from './skill.ts'
import { HEAD, METADATA, readSkillFile } from './skill-head.ts'
import type { SkillProblem } from './skill-problem.ts'

export type SkillDocument = Omit<Skill, 'digest' | 'table' | 'files'> & {
  /** The sections of the body that a rule can cite, such as `§2.1`. */
  sections: ReadonlySet<string>
}
export type ParsedSkillDocument =
  | Readonly<{ ok: true; document: SkillDocument }>
  | Readonly<{ ok: false; problems: readonly SkillProblem[] }>

const Head = type({
  ...HEAD,
  metadata: {
    ...METADATA,
    serves: type.enumerated(...ISSUE_TYPES),
    'max-amount': type('/^[1-9][0-9]{0,14}$/').describe('minor units such as "50000"'),
  },
})

/** The number that a heading or a list item in bold begins with. */
const SECTION = /^(?:#+ |- \*\*)(§[0-9]+(?:\.[0-9]+)*)(?=[\s*])/gm

/** Reads the SKILL.md of a policy; one with any problem is refused as a whole, with all of its problems. */
export function parseSkillDocument(
  text: string,
  { file, folder }: { file: string; folder: string },
): ParsedSkillDocument {
  const read = readSkillFile(text, { file, folder, Head })
  return 'problems' in read ? { ok: false, ...read } : { ok: true, document: toDocument(read.head, read.body) }
}

function toDocument({ name, description, metadata }: typeof Head.infer, body: string): SkillDocument {
  return {
    name,
    description,
    version: metadata.version,
    serves: metadata.serves,
    effectiveFrom: metadata['effective-from'],
    maxAmount: Number(metadata['max-amount']),
    text: body.trim(),
    sections: sectionsOf(body),
  }
}

/** The sections that the text of a policy has, such as `§2.1`. */
export function sectionsOf(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(SECTION)].map(([, section]) => section ?? ''))
}
