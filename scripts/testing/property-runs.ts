import fc from 'fast-check'

/** How often a law is tried that does not say how often itself. PROPERTY_RUNS=1000 is the long way. */
fc.configureGlobal({ numRuns: Number(process.env.PROPERTY_RUNS ?? 30) })
