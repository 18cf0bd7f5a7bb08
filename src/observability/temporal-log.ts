import { DefaultLogger, type LogEntry, type Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Lets what the Temporal SDK logs, workflows and activities included, appear among our own lines. */
export function temporalLog(logger: Logger): TemporalLogger {
  return new DefaultLogger('TRACE', ({ level, message, meta }: LogEntry) => {
    logger[LEVELS[level]](withoutStacks(meta), message);
  });
}

/** Numbers of the SDK's task tokens and the like are of no use to an operator; 64-bit ones cannot be written as JSON. */
function withoutStacks(meta: LogEntry['meta']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta ?? {}).filter(([, value]) => typeof value !== 'bigint'));
}
