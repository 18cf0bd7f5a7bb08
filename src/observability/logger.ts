import { destination, pino, type Logger } from 'pino';

/** JSON lines on stderr, so that stdout stays free for what a command prints. `LOG_LEVEL`: trace, debug, info (default), warn, error. */
export function createLogger(level = process.env.LOG_LEVEL ?? 'info'): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ dest: 2, sync: true }));
}
