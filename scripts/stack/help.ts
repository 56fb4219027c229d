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

export const DEMO_HELP = `npm run demo [-- -c], or npm run ingest-samples [-- -c]

Creates five issues in a running Redress and shows their decisions. Exit code 0 when all were decided.

  -c, --clear   remove the sample customers before, with their payments and issues, and store them again; in development
                only
  GRAPHQL_URL   the graph to use, with TOKEN (default: the one that npm start runs here)
  TOKEN         a token that may create and read issues and read decisions
${DATA}`

export const RESET_HELP = `npm run reset [-- --yes] [-- --keys]

Removes all data of npm start, which must be stopped first, and asks before. Keys are kept.

  --yes         do not ask; needed without a terminal
  --keys        remove the keys as well: backups of the data cannot be read without them
${DATA}`

export const MIGRATE_HELP = `npm run migrate [-- --service NAME] [-- --dry-run | --status | --forget ID]

Changes stored documents as this version needs them, in the databases of all services. A service does the same when it
starts, before it serves; on large data, run this first. It can be stopped at any moment, and goes on where it was when
it is run again. What processes of the version before write after it is not migrated: stop them before, or use --forget
when they are gone, and run it again.

  --service NAME  only issues, decisions or audit
  --dry-run       counts what would be changed, and changes nothing
  --status        lists the migrations: those that wait, have begun or have ended
  --forget ID     takes a migration out of the ledger (with --service): it runs again at the next start. An older version
                  starts only after all that it does not know were taken out. May be repeated.
  MONGODB_URI     the database (replica set; default: the one of the npm start that runs here, which has migrated it)
  REDRESS_DATA    where npm start keeps keys (default .data); those of the environment take precedence`

export const ROTATE_KEYS_HELP = `npm run keys:rotate [-- --dry-run | --status]

Wraps the data key of each customer, by which their personal data is encrypted, with ENCRYPTION_KEY in place of the keys in
ENCRYPTION_KEY_PREVIOUS. Services work on meanwhile, and read both. It can be stopped at any moment; run it again for the rest.

  1. Add the new key (openssl rand -hex 32) to ENCRYPTION_KEY_PREVIOUS, and start every process of the issues subgraph
     again. Where there is only one, as with npm start, this step is not needed.
  2. Make the new key ENCRYPTION_KEY and the old one ENCRYPTION_KEY_PREVIOUS, and start them again. The key that npm start
     has made is encryptionKey in .data/keys.json.
  3. Run this, until it ends with the exit code 0.
  4. Take the old key out of ENCRYPTION_KEY_PREVIOUS, and start them again. Keep it for as long as backups from before.

  --dry-run     unwraps and counts what would be changed, and changes nothing
  --status      how many data keys each master key wraps, by the id of the key (the first 8 digits of its SHA-256)

  MONGODB_URI   the database (replica set) of the issues subgraph (default: the one that npm start runs here)
  ENCRYPTION_KEY, ENCRYPTION_KEY_PREVIOUS
                the keys, as the issues subgraph has them (default: the one that npm start has made)
${DATA}

Exit code 0 when ENCRYPTION_KEY wraps all data keys, 2 when it does not (the reason is printed), 1 when it could not be
completed, and 78 when a variable is missing or wrong.`

export const ARCHIVE_HELP = `npm run archive-issues [-- -d DAYS] [-- --purge DAYS] [-- --dry-run | --stats]

Moves issues that were resolved long enough ago to the archive of a running Redress, and waits until it is done. They stay
readable: issue(id) and archivedIssues find them. A schedule does the same each night (MAINTENANCE_ARCHIVE_* in .env.example).

  -d, --days DAYS  issues are moved that were resolved more days ago (default 30)
  --purge DAYS     delete archived issues for good that were resolved more days ago; needs a token of an admin
  --dry-run        count, and change nothing
  --stats          what the archive holds
  --reason TEXT    why, for the audit log

  GRAPHQL_URL      the graph to use, with TOKEN (default: the one that npm start runs here)
  TOKEN            a token that may archive issues: of an operator or an admin`

/** Prints the text when the command line asks for it. */
export function printHelpIfAsked(text: string): boolean {
  const isAsked = process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')
  if (isAsked) process.stdout.write(`${text}\n`)
  return isAsked
}
