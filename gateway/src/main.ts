import { configOrExit } from '@redress/shared/process/config.ts'
import {
  announceReady,
  endAfterClosing,
  endWithOneLine,
  exitAfter,
  untilStopped,
} from '@redress/shared/process/lifecycle.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { readConfig } from './config.ts'
import { startGateway } from './start.ts'

const config = configOrExit(readConfig)
const logger = createLogger('gateway', config.log)
const gateway = await startGateway(config, logger).catch(endWithOneLine)

logger.info({ url: gateway.url, metricsUrl: gateway.metricsUrl }, 'ready')
announceReady(gateway.url)
logger.info({ signal: await untilStopped() }, 'stopping')
exitAfter(config.shutdown.timeoutMs)
await gateway.close()
endAfterClosing()
