const STORES = `  MONGODB_URI   a MongoDB of yours (replica set) in place of the embedded database; there are no samples,
                development tokens or playground then, unless NODE_ENV is development
  REDIS_URL     a Redis of yours in place of the one started here`

const DATA = '  REDRESS_DATA  where data and keys are kept (default .data)'

export const START_HELP = `npm start

Starts all of Redress on this machine, shows five sample issues being decided, and runs until Ctrl-C.

  PORT          the gateway's port (default 4000)
${DATA}
  LOG_LEVEL     debug, info, warn or error (default: warn on a terminal, info otherwise)
${STORES}

Every variable is explained in .env.example; put yours into .env.`

export const DEMO_HELP = `npm run demo

Creates five issues in a running Redress and shows their decisions. Exit code 0 when all were decided.

  GRAPHQL_URL   the graph to use, with TOKEN (default: the one that npm start runs here)
  TOKEN         a token that may create and read issues and read decisions
${DATA}`

export const RESET_HELP = `npm run reset [-- --yes] [-- --keys]

Removes all data of npm start, which must be stopped first, and asks before. Keys are kept.

  --yes         do not ask; needed without a terminal
  --keys        remove the keys as well: backups of the data cannot be read without them
${DATA}`

/** Prints the text when the command line asks for it. */
export function printHelpIfAsked(text: string): boolean {
  const isAsked = process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')
  if (isAsked) process.stdout.write(`${text}\n`)
  return isAsked
}
