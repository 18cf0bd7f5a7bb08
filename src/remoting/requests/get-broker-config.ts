import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';

/**
 * GET_BROKER_CONFIG: every setting of a broker in force, by name.
 *
 *     -> body: lines of name=value
 */
export const getBrokerConfig: RequestKind<undefined, Map<string, string>> = {
  code: 26,
  name: 'GET_BROKER_CONFIG',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) => {
    const settings = new Map<string, string>();
    for (const line of answer.body.toString().split('\n')) {
      const equals = line.indexOf('=');
      if (equals > 0) settings.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
    return settings;
  },
};
