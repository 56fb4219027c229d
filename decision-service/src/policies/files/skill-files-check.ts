import { problemOf, type SkillProblem } from './skill-problem.ts'

/** Most files of a skill, and the most that they hold together: a version is kept whole, as one document. */
export const FILES_MAX = 100
export const FILES_BYTES_MAX = 1_000_000

/** The folders of the Agent Skills standard, and how deep each may be; beside SKILL.md there may be any file. */
const DEPTH_MAX: Readonly<Record<string, number>> = { references: 1, scripts: 5, assets: 5, evals: 5 }

/** A mention of a file that holds more than SKILL.md does; never a part of a longer path or address. */
const REFERENCE = /(?<![\w./-])references\/[\w./-]*\w/g

/** The problems with the files of a skill regardless of their text: their places, and named files that do not exist. */
export function checkFiles(folder: string, files: ReadonlyMap<string, string>): readonly SkillProblem[] {
  return [...checkPlaces(folder, files), ...checkReferences(folder, files)]
}

function checkPlaces(folder: string, files: ReadonlyMap<string, string>): readonly SkillProblem[] {
  return [...files].flatMap(([path, content]) => {
    const problem = problemOfPlace(path) ?? (isText(content) ? null : 'is not text in UTF-8')
    return problem === null ? [] : [problemOf(`${folder}/${path}`, problem)]
  })
}

function problemOfPlace(path: string): string | null {
  const parts = path.split('/')
  if (parts.length === 1) return null
  const [top = ''] = parts
  const depthMax = Object.hasOwn(DEPTH_MAX, top) ? DEPTH_MAX[top]! : 0
  if (depthMax === 0) return `must lie beside SKILL.md or in one of ${Object.keys(DEPTH_MAX).join(', ')}`
  return parts.length - 1 > depthMax ? `must lie at most ${depthMax} deep` : null
}

function checkReferences(folder: string, files: ReadonlyMap<string, string>): readonly SkillProblem[] {
  const lines = (files.get('SKILL.md') ?? '').split('\n')
  return lines.flatMap((text, index) =>
    [...text.matchAll(REFERENCE)].flatMap(([path]) =>
      files.has(path)
        ? []
        : [{ ...problemOf(`${folder}/SKILL.md`, `refers to ${path}, which is missing`), line: index + 1 }],
    ),
  )
}

/** Checks content that arrived as a string; bytes are checked when they are decoded. */
const isText = (content: string): boolean => content.isWellFormed() && !content.includes('\0')
