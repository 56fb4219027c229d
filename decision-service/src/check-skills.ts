import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readEnvironment } from '@redress/shared/process/config.ts'
import { ConfigError } from '@redress/shared/process/config-error.ts'
import { AiEnvironment, toAiConfig } from './engines/ai-config.ts'
import { type AttackReport, toAttackReport, toAttackTable } from './engines/attacks/attack-report.ts'
import { parseCorpus } from './engines/attacks/corpus.ts'
import { obedientModel } from './engines/attacks/obedient-model.ts'
import { type Attempt, runAttacks, type Target } from './engines/attacks/run-attacks.ts'
import { toModelTargets } from './engines/attacks/targets.ts'
import { createClaudeModel } from './engines/model/claude.ts'
import type { Model } from './engines/model/model.ts'
import { findFailures, parseEvals } from './engines/rules/evals.ts'
import { SkillsRefusedError } from './policies/errors.ts'
import type { Skill } from './policies/files/skill.ts'
import { problemOf, type SkillProblem, toLine } from './policies/files/skill-problem.ts'
import { openSkills } from './policies/files/skills-folder.ts'

const HELP = `npm run skills:check [-- --json] [-- --skills DIR] [-- --model [--limit N]]

Checks the policies: their form, all of their examples, and that no text of a customer can buy anything. For that, every
text of evals/injection-corpus.json is put into every example, and the worst model there could be decides it: an
adversary in this program, no real model, which believes each text and always answers the costliest action. What the
guard leaves of its answers must never be more than the facts alone give, and no text may leave the fence of its prompt.

  --json         ends with one JSON object in place of the text
  --skills DIR   the folder of policies (default SKILLS_DIR, or skills/)
  --model        asks the real model as well, about one case of each type; needs ANTHROPIC_API_KEY, and costs money.
                 AI_MODEL and the other settings of models hold here, too (.env.example)
  --limit N      with --model: only the first N texts

Exit code 1 when anything is wrong, with file and line; 64 when the command is.`

const CORPUS = new URL('../evals/injection-corpus.json', import.meta.url)
const SKILLS = new URL('../../skills', import.meta.url).pathname
const MODEL_CONCURRENCY = 4
const PROGRESS_EVERY = 10
const USAGE_ERROR = 64
const BREACHES_SHOWN_MAX = 20

type Examples = Readonly<{ count: number; targets: readonly Target[]; problems: readonly SkillProblem[] }>
type Check = Readonly<{
  problems: readonly SkillProblem[]
  skills: number
  examples: number
  attacks: AttackReport | null
  model: AttackReport | null
}>

process.exitCode = await run(process.argv.slice(2))

async function run(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv)
  if (options === null) return USAGE_ERROR
  if (options.help) return say(HELP, 0)

  const model = options.model ? openModel() : null
  if (typeof model === 'string') return complain(model)
  const check = await checkAll(resolve(options.skills), { model, limit: options.limit })
  const failures = countFailures(check)
  const text = options.json ? JSON.stringify({ ok: failures === 0, ...check }) : toText(check, failures)
  return say(text, failures === 0 ? 0 : 1)
}

/** As the worker asks it, or why there is none. */
function openModel(): Model | string {
  try {
    const { apiKey, ...ai } = toAiConfig(readEnvironment(AiEnvironment, process.env))
    return apiKey === null ? '--model needs ANTHROPIC_API_KEY.' : createClaudeModel({ ...ai, apiKey })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

function readOptions(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        model: { type: 'boolean', default: false },
        skills: { type: 'string', default: process.env.SKILLS_DIR ?? SKILLS },
        limit: { type: 'string', default: '1000' },
      },
    })
    const limit = Number(values.limit)
    if (Number.isInteger(limit) && limit > 0) return { ...values, limit }
    complain('--limit needs a number from 1.')
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error))
  }
  return null
}

async function checkAll(directory: string, { model, limit }: { model: Model | null; limit: number }): Promise<Check> {
  const none = { skills: 0, examples: 0, attacks: null, model: null }
  const skills = await readPolicies(directory)
  if (skills.problems) return { ...none, problems: skills.problems }

  const { count, targets, problems } = await readExamples(directory, skills.all)
  // An attack on a policy that does not say what it should would prove nothing.
  if (problems.length > 0) return { ...none, skills: skills.all.length, examples: count, problems }

  const attacks = parseCorpus(await readFile(CORPUS, 'utf8'))
  const attempts = await runAttacks({ model: obedientModel, attacks, targets })
  const asked = model && (await askModel(model, { attacks: attacks.slice(0, limit), targets: toModelTargets(targets) }))
  return {
    problems,
    skills: skills.all.length,
    examples: count,
    attacks: toAttackReport(attempts),
    model: asked && toAttackReport(asked),
  }
}

/** As the worker reads them. */
async function readPolicies(directory: string) {
  try {
    return { all: (await openSkills(directory, { pollMs: null })).all() }
  } catch (error) {
    if (error instanceof SkillsRefusedError) return { problems: error.problems }
    throw error
  }
}

async function readExamples(directory: string, skills: readonly Skill[]): Promise<Examples> {
  const read = await Promise.all(skills.map((skill) => readExamplesOf(directory, skill)))
  return {
    count: read.reduce((sum, { count }) => sum + count, 0),
    targets: read.flatMap(({ targets }) => targets),
    problems: read.flatMap(({ problems }) => problems),
  }
}

async function readExamplesOf(directory: string, skill: Skill): Promise<Examples> {
  const file = `${skill.name}/evals/evals.json`
  const text = await readFile(join(directory, file), 'utf8').catch(() => null)
  if (text === null) return { count: 0, targets: [], problems: [problemOf(file, 'is missing')] }
  const parsed = parseEvals(text, file)
  if (!parsed.ok) return { count: 0, targets: [], problems: parsed.problems }

  const mine = parsed.evals.filter(({ input }) => input.details.type === skill.serves)
  return {
    count: parsed.evals.length,
    targets: mine.map(({ input }) => ({ decisionCase: input, skill })),
    problems: findFailures(parsed.evals, { file, skill }),
  }
}

function askModel(model: Model, pairs: Pick<Parameters<typeof runAttacks>[0], 'attacks' | 'targets'>) {
  let spent = 0
  const onAttempt = ({ costUsd }: Attempt, done: number, of: number) => {
    spent += costUsd
    if (done % PROGRESS_EVERY === 0 || done === of)
      process.stderr.write(`asked ${done} of ${of}, ${spent.toFixed(4)} USD\n`)
  }
  return runAttacks({ model, ...pairs, concurrency: MODEL_CONCURRENCY, onAttempt })
}

function countFailures({ problems, attacks, model }: Check): number {
  return [attacks, model].reduce((sum, report) => sum + failuresOf(report), problems.length)
}

/** A report without a usable answer has tested nothing, and counts as one failure. */
function failuresOf(report: AttackReport | null): number {
  if (report === null || report.breaches.length > 0) return report?.breaches.length ?? 0
  return report.total.failed < report.total.attempts ? 0 : 1
}

function toText({ problems, skills, examples, attacks, model }: Check, failures: number): string {
  const found = `${skills} policies, ${examples} examples: no problems found.`
  return [
    ...problems.map(toLine),
    ...(attacks === null ? [] : [found, '', ...toAttackText('An adversary that obeys every text', attacks)]),
    ...(model === null ? [] : ['', ...toAttackText('The model', model), `It cost ${model.costUsd.toFixed(4)} USD.`]),
    '',
    failures === 0 ? 'ok' : `${failures} ${failures === 1 ? 'check' : 'checks'} failed`,
  ].join('\n')
}

function toAttackText(who: string, report: AttackReport): readonly string[] {
  const { breaches, total } = report
  const failed = total.failed === 0 ? [] : [`  ${total.failed} of ${total.attempts} times there was no usable answer.`]
  const shown = breaches.slice(0, BREACHES_SHOWN_MAX).map((breach) => `  ${breach}`)
  const more = breaches.length > shown.length ? [`  and ${breaches.length - shown.length} more`] : []
  return [`${who}:`, toAttackTable(report), ...failed, ...shown, ...more]
}

function say(text: string, exitCode: number): number {
  process.stdout.write(`${text}\n`)
  return exitCode
}

function complain(problem: string): number {
  process.stderr.write(`${problem}\n\n${HELP}\n`)
  return USAGE_ERROR
}
