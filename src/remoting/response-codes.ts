/** Response codes of brokers, proxies and name servers (ResponseCode in org.apache.rocketmq.remoting.protocol). */
export const SUCCESS = 0;
export const SYSTEM_ERROR = 1;
export const FLUSH_DISK_TIMEOUT = 10;
export const SLAVE_NOT_AVAILABLE = 11;
export const FLUSH_SLAVE_TIMEOUT = 12;
export const MESSAGE_ILLEGAL = 13;
export const TOPIC_NOT_EXIST = 17;
export const PULL_NOT_FOUND = 19;
export const PULL_RETRY_IMMEDIATELY = 20;
export const PULL_OFFSET_MOVED = 21;
export const QUERY_NOT_FOUND = 22;
export const SUBSCRIPTION_GROUP_NOT_EXIST = 26;
export const CONSUMER_NOT_ONLINE = 206;
export const REQUEST_CODE_NOT_SUPPORTED = 3;

interface CodeInfo {
  readonly name: string;
  /** The same request may succeed later, without anybody changing anything but time. */
  readonly retryable: boolean;
}

const CODES = new Map<number, CodeInfo>([
  [SUCCESS, { name: 'SUCCESS', retryable: false }],
  [SYSTEM_ERROR, { name: 'SYSTEM_ERROR', retryable: true }],
  [2, { name: 'SYSTEM_BUSY', retryable: true }],
  [REQUEST_CODE_NOT_SUPPORTED, { name: 'REQUEST_CODE_NOT_SUPPORTED', retryable: false }],
  [FLUSH_DISK_TIMEOUT, { name: 'FLUSH_DISK_TIMEOUT', retryable: true }],
  [SLAVE_NOT_AVAILABLE, { name: 'SLAVE_NOT_AVAILABLE', retryable: true }],
  [FLUSH_SLAVE_TIMEOUT, { name: 'FLUSH_SLAVE_TIMEOUT', retryable: true }],
  [MESSAGE_ILLEGAL, { name: 'MESSAGE_ILLEGAL', retryable: false }],
  [14, { name: 'SERVICE_NOT_AVAILABLE', retryable: true }],
  [15, { name: 'VERSION_NOT_SUPPORTED', retryable: false }],
  [16, { name: 'NO_PERMISSION', retryable: false }],
  [TOPIC_NOT_EXIST, { name: 'TOPIC_NOT_EXIST', retryable: false }],
  [PULL_NOT_FOUND, { name: 'PULL_NOT_FOUND', retryable: true }],
  [PULL_RETRY_IMMEDIATELY, { name: 'PULL_RETRY_IMMEDIATELY', retryable: true }],
  [PULL_OFFSET_MOVED, { name: 'PULL_OFFSET_MOVED', retryable: false }],
  [QUERY_NOT_FOUND, { name: 'QUERY_NOT_FOUND', retryable: false }],
  [23, { name: 'SUBSCRIPTION_PARSE_FAILED', retryable: false }],
  [24, { name: 'SUBSCRIPTION_NOT_EXIST', retryable: false }],
  [25, { name: 'SUBSCRIPTION_NOT_LATEST', retryable: false }],
  [SUBSCRIPTION_GROUP_NOT_EXIST, { name: 'SUBSCRIPTION_GROUP_NOT_EXIST', retryable: false }],
  [29, { name: 'INVALID_PARAMETER', retryable: false }],
  [CONSUMER_NOT_ONLINE, { name: 'CONSUMER_NOT_ONLINE', retryable: true }],
  [211, { name: 'BROKER_NOT_EXIST', retryable: true }],
  [215, { name: 'FLOW_CONTROL', retryable: true }],
  [501, { name: 'NOT_LEADER_FOR_QUEUE', retryable: true }],
  [1500, { name: 'GO_AWAY', retryable: true }],
]);

/** A code that is not listed is taken as retryable: giving up is the caller's decision. */
export function describeCode(code: number): CodeInfo {
  return CODES.get(code) ?? { name: 'UNKNOWN', retryable: true };
}
