import { posix } from 'node:path'
import { isTest } from './areas.ts'
import { findCircles } from './circles.ts'
import type { ParsedSource } from './parse-source.ts'

/** A figure with a limit. `subject` is the key of an exception; `rule` completes the sentence that begins with it. */
export type Measure = Readonly<{ subject: string; figure: number; limit: number; rule: string }>

export type Readme = Readonly<{ path: string; lines: number }>

const FILE_LINES_MAX = 200
const PROGRAM_LINES_MAX = 59
const FUNCTION_LINES_MAX = 40
const README_LINES_MAX = 39
const FOLDER_FILES_MAX = 20
/** Above this many source files, the folders of a service are subjects; up to it, layers. */
const LAYERED_FILES_MAX = 60
const FORWARDING_LINES_MIN = 8

const PROGRAM = /^[\w-]+\/src\/(main|worker)\.ts$/
const LAYERS = /^([\w-]+)\/src\/(inbound|use-cases|outbound)\//

/** Everything in the tree that has a limit. Tests have none. */
export function measureTree(files: readonly ParsedSource[], readmes: readonly Readme[]): readonly Measure[] {
  const sources = files.filter(({ path }) => !isTest(path))
  return [
    ...sources.flatMap((source) => [measureFile(source), ...measureFunctions(source), measureForwarding(source)]),
    ...measureFolders(sources),
    ...measureLayers(sources),
    ...measureCircles(files),
    ...readmes.map(measureReadme),
  ]
}

function measureFile({ path, lines }: ParsedSource): Measure {
  const [kind, limit] = PROGRAM.test(path)
    ? (['program', PROGRAM_LINES_MAX] as const)
    : (['source file', FILE_LINES_MAX] as const)
  return { subject: path, figure: lines, limit, rule: `has ${lines} lines; a ${kind} has at most ${limit}` }
}

function measureFunctions({ path, functions }: ParsedSource): readonly Measure[] {
  const longest = Map.groupBy(functions, ({ name }) => name)
  return [...longest].map(([name, found]) => {
    const lines = Math.max(...found.map((one) => one.lines))
    return {
      subject: `${path}: ${name}`,
      figure: lines,
      limit: FUNCTION_LINES_MAX,
      rule: `has ${lines} lines; a function has at most ${FUNCTION_LINES_MAX}`,
    }
  })
}

function measureForwarding({ path, lines, onlyForwards }: ParsedSource): Measure {
  const isFragment = onlyForwards && lines < FORWARDING_LINES_MIN
  const rule = 'only calls or exports another file; move it to its caller or to what it calls'
  return { subject: `${path}: forwarding`, figure: isFragment ? 1 : 0, limit: 0, rule }
}

function measureFolders(sources: readonly ParsedSource[]): readonly Measure[] {
  const folders = Map.groupBy(sources, ({ path }) => `${posix.dirname(path)}/`)
  return [...folders].map(([subject, { length: figure }]) => ({
    subject,
    figure,
    limit: FOLDER_FILES_MAX,
    rule: `has ${figure} source files; a folder has at most ${FOLDER_FILES_MAX}`,
  }))
}

function measureLayers(sources: readonly ParsedSource[]): readonly Measure[] {
  const services = Map.groupBy(sources, ({ path }) => path.split('/')[0] ?? '')
  return [...services].map(([name, files]) => {
    const layers = new Set(files.flatMap(({ path }) => LAYERS.exec(path)?.[2] ?? []))
    return {
      subject: `${name}/src/: layers`,
      figure: files.length > LAYERED_FILES_MAX ? layers.size : 0,
      limit: 0,
      rule: `stand first among ${files.length} source files; above ${LAYERED_FILES_MAX}, subjects do`,
    }
  })
}

function measureCircles(files: readonly ParsedSource[]): readonly Measure[] {
  return findCircles(files).map((members) => ({
    subject: `${members[0]}: circle`,
    figure: members.length,
    limit: 0,
    rule: `of imports: ${members.join(', ')}`,
  }))
}

function measureReadme({ path, lines }: Readme): Measure {
  const rule = `has ${lines} lines; the README of a package has at most ${README_LINES_MAX}`
  return { subject: path, figure: lines, limit: README_LINES_MAX, rule }
}

/**
 * One line for every measure above its limit or its exception, and for every exception that is not the present figure:
 * so the list can only shrink.
 */
export function findExcesses(
  measures: readonly Measure[],
  exceptions: Readonly<Record<string, number>>,
): readonly string[] {
  const excesses = measures
    .filter(({ subject, figure, limit }) => figure > (exceptions[subject] ?? limit))
    .map(({ subject, rule }) => `${subject} ${rule}`)
  const present = new Map(
    measures.filter(({ figure, limit }) => figure > limit).map(({ subject, figure }) => [subject, figure]),
  )
  const outdated = Object.entries(exceptions).flatMap(([subject, figure]) => {
    const now = present.get(subject)
    if (now === undefined) return [`${subject}: is no exception any more; take it out of the list`]
    return now < figure ? [`${subject}: is ${now} now; lower its exception from ${figure}`] : []
  })
  return [...excesses, ...outdated]
}
