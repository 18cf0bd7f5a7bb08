import { type JsonObject, stringAt, stringsAt } from './json-body.ts';

/** A broker's name and the addresses of its replicas, as name servers give them. */
export interface BrokerData {
  readonly name: string;
  /** `host:port`; `undefined` while there is no master. */
  readonly master: string | undefined;
  readonly slaves: readonly string[];
}

const MASTER_ID = '0';

/** Reads `{ brokerName, brokerAddrs: { brokerId: address } }`. */
export function readBrokerData(data: JsonObject): BrokerData {
  const { [MASTER_ID]: master, ...slaves } = stringsAt(data, 'brokerAddrs');
  return { name: stringAt(data, 'brokerName'), master, slaves: Object.values(slaves) };
}
