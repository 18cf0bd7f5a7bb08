import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { jsonBody, stringsAt } from './json-body.ts';

/**
 * GET_BROKER_RUNTIME_INFO: figures of a running broker by name (AdminBrokerProcessor.prepareRuntimeInfo), such as
 *
 * - `brokerVersionDesc`: `V5_5_0`
 * - `commitLogMaxOffset`: where the commit log ends, bytes
 * - `dispatchBehindBytes`: how much of it is not yet in consume queues, bytes
 * - `remainHowManyDataToFlush`: how much of it is not yet on disk, for people: `0 B`, `1.5 KiB`
 *
 *     -> { table: { name: value } }
 */
export const getBrokerRuntimeInfo: RequestKind<undefined, Readonly<Record<string, string>>> = {
  code: 28,
  name: 'GET_BROKER_RUNTIME_INFO',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) => stringsAt(jsonBody(answer), 'table'),
};
