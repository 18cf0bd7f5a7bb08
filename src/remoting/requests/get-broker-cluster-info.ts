import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { type BrokerData, readBrokerData } from './broker-data.ts';
import { asObject, jsonBody, objectAt } from './json-body.ts';

/**
 * GET_BROKER_CLUSTER_INFO, of a name server: every broker that is registered with it.
 *
 *     -> { brokerAddrTable: { brokerName: { brokerName, brokerAddrs: { brokerId: address } } }, clusterAddrTable }
 */
export const getBrokerClusterInfo: RequestKind<undefined, BrokerData[]> = {
  code: 106,
  name: 'GET_BROKER_CLUSTER_INFO',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) =>
    Object.entries(objectAt(jsonBody(answer), 'brokerAddrTable')).map(([name, data]) =>
      readBrokerData(asObject(data, `broker ${name}`)),
    ),
};
