import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';

/**
 * UPDATE_BROKER_CONFIG: changes settings of a running broker. They count at once, and are kept in the broker's file.
 *
 *     body: lines of name=value -> nothing
 */
export const updateBrokerConfig: RequestKind<Readonly<Record<string, string | number | boolean>>, undefined> = {
  code: 25,
  name: 'UPDATE_BROKER_CONFIG',
  accepts: [SUCCESS],
  build: (settings) => ({
    fields: {},
    body: [
      Buffer.from(
        Object.entries(settings)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      ),
    ],
  }),
  read: () => undefined,
};
